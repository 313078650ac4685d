"""What an authority would find, looked for with real requests on loopback; DNS is a table."""

import http.server
import socket
import ssl
import threading
import time
from email.utils import formatdate

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fakes.authority import Authority
from fakes.host import FakeHost
from hubinstall.resources.tls import reachability
from hubinstall.resources.tls.reachability import name_troubles, server_troubles, troubles
from hubinstall.resources.tls.webroot import Place

NAME = "hub.example.org"


class Handler(http.server.BaseHTTPRequestHandler):
    """nginx with the webroot, or somebody else's server."""

    folder = None

    def do_GET(self):
        file = self.folder and self.folder / self.path.lstrip("/")
        there = bool(file) and file.is_file() and self.headers["Host"] == NAME
        self.send_response(200 if there else 404)
        self.end_headers()
        self.wfile.write(file.read_bytes() if there else b"nothing here")

    def log_message(self, *args):
        pass


@pytest.fixture
def host(tmp_path) -> FakeHost:
    host = FakeHost(tmp_path)
    host.path("/srv/web").mkdir()
    return host


@pytest.fixture
def web(host):
    """A web server on 127.0.0.1 that shows the webroot; its port."""
    handler = type("Ours", (Handler,), {"folder": host.path("/srv/web")})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def stranger():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def closed() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(autouse=True)
def dns(monkeypatch):
    """Name → addresses; others are not known."""
    table = {NAME: ["127.0.0.1"]}

    def getaddrinfo(name, port, *args, **kwargs):
        if name == "127.0.0.1" or name in {a for found in table.values() for a in found}:
            return [(socket.AF_INET6 if ":" in name else socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port))]
        if name not in table:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in table[name]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(reachability, "TIMEOUT", 2)
    return table


def found(host, port, *own: str, name: str = NAME) -> list[str]:
    place = Place(own, "/srv/web", "/x", port)
    with reachability.challenge(host, place.webroot) as (path, token):
        return list(name_troubles(name, path, token, place))


def test_a_name_that_leads_here(host, web):
    assert found(host, web, "127.0.0.1") == []
    assert found(host, web, "10.0.0.5") == [], "behind NAT, where only the file tells"
    assert host.names(f"/srv/web/{reachability.CHALLENGES}") == [], "nothing of it stays"


def test_a_name_that_nobody_knows(host, web):
    [words] = found(host, web, "10.0.0.5", "203.0.113.7", name="new.example.org")
    assert words == (
        "new.example.org has no address (Name or service not known): create a DNS record (A or AAAA) that points it to"
        " this site's public address"
    )
    assert found(host, web, "9.9.9.9", name="new.example.org")[0].endswith("that points it to 9.9.9.9")


def test_somebody_elses_server(host, stranger):
    [words] = found(host, stranger, "9.9.9.9")
    assert words.startswith(
        f"{NAME} points to 127.0.0.1, which answers with something else (404 Not Found), and not to this machine"
    )
    [words] = found(host, stranger, "10.0.0.5")
    assert "answers with something else (404" in words


def test_this_machine_without_an_answer(host, closed):
    [words] = found(host, closed, "127.0.0.1")
    assert words == (
        f"{NAME} (127.0.0.1) is this machine, but its port {closed} does not answer (Connection refused): "
        "see `hubinstall status`"
    )


def test_behind_nat_no_answer_tells_nothing(host, closed):
    """Many routers do not lead their own network back in: the authority itself may see it."""
    assert found(host, closed, "10.0.0.5") == []
    assert "does not answer" in found(host, closed, "9.9.9.9")[0]


def test_every_address_of_a_name_counts(host, web, dns):
    dns[NAME] = ["127.0.0.1", "127.0.0.2"]
    [words] = found(host, web, "9.9.9.9")
    assert "127.0.0.2" in words


def test_an_ipv6_address_to_which_there_is_no_way_tells_nothing(host, monkeypatch):
    def unreachable(*_args, **_kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    assert reachability.fetch("2001:db8::1", 80, NAME, "/x", "t") is None
    assert "unreachable" in reachability.fetch("9.9.9.9", 80, NAME, "/x", "t")


def test_an_address_asks_no_dns(host, web):
    assert found(host, web, "127.0.0.1", name="127.0.0.1") != [], "Host is another: the stranger's page"


@pytest.fixture
def acme(tmp_path):
    """An https server on loopback, the file of its root, and the Date that it tells."""
    authority, told = Authority(), {"date": formatdate(usegmt=True), "status": 200}
    cert, middle, key = authority.pair("localhost")
    for name, text in {"chain.pem": cert + middle, "key.pem": key}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "root.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))

    class Acme(Handler):
        def send_response(self, code, message=None):
            self.send_response_only(told["status"], message)
            self.send_header("Date", told["date"])

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Acme) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}/dir", str(tmp_path / "root.pem"), told
        server.shutdown()


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (0, []),
        (250, []),
        (-3 * 3600, ["this machine's clock is 3.0 hours ahead: correct it (timedatectl set-ntp true)"]),
        (600, ["this machine's clock is 10 minutes behind: correct it (timedatectl set-ntp true)"]),
    ],
)
def test_the_clock(acme, dns, off, words):
    server, root, told = acme
    dns["localhost"] = ["127.0.0.1"]
    told |= {"status": 200, "date": formatdate(time.time() + off, usegmt=True)}
    assert list(server_troubles(server, root)) == words


def test_an_authority_that_says_no_time_or_nonsense(acme, dns):
    server, root, told = acme
    dns["localhost"] = ["127.0.0.1"]
    told["date"] = "yesterday"
    assert list(server_troubles(server, root)) == []


def test_an_authority_that_is_something_else(acme, dns):
    server, root, told = acme
    dns["localhost"] = ["127.0.0.1"]
    told["status"] = 404
    assert "answers with 404 Not Found: check that it is the URL" in next(server_troubles(server, root))


def test_an_authority_that_is_out_of_order_may_be_behind_a_proxy(acme, dns):
    server, root, told = acme
    dns["localhost"] = ["127.0.0.1"]
    told["status"] = 503
    assert "answers with 503 Service Unavailable: it is out of order, or a proxy" in next(server_troubles(server, root))


def test_an_authority_whose_root_is_not_known(acme, dns, tmp_path):
    server, _, _ = acme
    dns["localhost"] = ["127.0.0.1"]
    (tmp_path / "other.pem").write_bytes(Authority().root.public_bytes(Encoding.PEM))
    [words] = server_troubles(server, str(tmp_path / "other.pem"))
    assert "does not answer" in words
    assert "network.ca_bundle" in words


def test_an_authority_that_is_away(host, closed, dns):
    dns["localhost"] = ["127.0.0.1"]
    [words] = server_troubles(f"https://localhost:{closed}/dir", "/etc/ssl/certs/ca-certificates.crt")
    assert words.startswith(f"https://localhost:{closed}/dir does not answer (Connection refused): check that")


def test_all_together(host, web, closed, dns):
    dns["localhost"] = ["127.0.0.1"]
    place = Place(("127.0.0.1",), "/srv/web", "/etc/ssl/certs/ca-certificates.crt", web)
    lines = troubles(host, (NAME, "new.example.org"), f"https://localhost:{closed}/dir", place)
    assert [line.split()[0] for line in lines] == [f"https://localhost:{closed}/dir", "new.example.org"]


def test_an_authority_behind_the_sites_proxy(closed, dns):
    """Through the proxy of config.yaml, and not to what goes past it."""
    dns["localhost"] = ["127.0.0.1"]
    way_out = {"https_proxy": f"http://127.0.0.1:{closed}", "no_proxy": "localhost"}
    store = "/etc/ssl/certs/ca-certificates.crt"
    [words] = server_troubles("https://acme.example/dir", store, way_out)
    assert "Connection refused" in words
    assert "network.proxy" in words
