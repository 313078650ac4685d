"""Requests of a sign-on through the site's proxy: tornado's own client knows none (tornado.httpclient, proxy_host)."""

import asyncio
import io

import requests
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders

ANSWERING = 10.0
"""Seconds."""


class ThroughProxy:
    """In place of tornado's AsyncHTTPClient; the variables of the hub say which proxy, and past it what."""

    async def fetch(self, request: HTTPRequest, *, raise_error: bool = True) -> HTTPResponse:
        """Raises tornado's HTTPClientError for a status of 400 and above, OSError if nothing answers."""
        response: HTTPResponse = await asyncio.to_thread(self._answer, request)
        if raise_error:
            response.rethrow()
        return response

    def _answer(self, request: HTTPRequest) -> HTTPResponse:
        answer = requests.request(
            request.method, request.url, headers=dict(request.headers), data=request.body, timeout=ANSWERING
        )
        return HTTPResponse(
            request, answer.status_code, headers=HTTPHeaders(dict(answer.headers)), buffer=io.BytesIO(answer.content),
            reason=answer.reason,
        )  # fmt: skip
