"""Requests of a sign-on go through the proxy of the hub's variables, and fail as tornado's own do."""

import asyncio
import http.server
import threading

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest

from hubinstall.hubside.through_proxy import ThroughProxy


class Proxy(http.server.BaseHTTPRequestHandler):
    seen = ()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Proxy.seen = (self.path, self.headers["Accept"], body)
        self.send_response(401 if b"wrong" in body else 200)
        self.end_headers()
        self.wfile.write(b'{"access_token": "a"}')

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def proxy(monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), Proxy) as server:
        for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def post(body):
    request = HTTPRequest("http://login.example/token", "POST", {"Accept": "application/json"}, body)
    return asyncio.run(ThroughProxy().fetch(request))


@pytest.mark.usefixtures("proxy")
def test_a_request_goes_through_the_proxy_and_fails_as_tornados_do():
    assert post("code=1").body == b'{"access_token": "a"}'
    assert Proxy.seen == ("http://login.example/token", "application/json", b"code=1")
    with pytest.raises(HTTPClientError) as refused:
        post("code=wrong")
    assert (refused.value.code, refused.value.response.body) == (401, b'{"access_token": "a"}')


def test_no_answer_is_an_error_of_the_system(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(OSError, match="refused"):
        post("code=1")
