"""A client of the hub that does what a person's browser does: log in, start a server, run a cell over the websocket.

The one client of this project: `hubinstall verify`, the machine suite and the benchmarks all use it. It is imported
late by those who may not need it, because httpx is slow to import.
Outside facts: JupyterHub's REST API and its `_xsrf` cookies (hub and server have one each, told apart by their path).
"""

import json
import ssl
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx

from hubinstall.verify.client.errors import HubError, plain_text, raise_for, tls_hint
from hubinstall.verify.client.kernel import Kernel

PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
POLL = 0.2
# A client may be shared by threads. httpx's pool closes idle connections beyond the 20 that it keeps by default, also
# one that another thread was given a moment ago: of 12 000 requests of 200 threads 11 failed so, without limits none.
KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)
"""Seconds between two checks of something that takes time."""


class _Pinned(httpx.HTTPTransport):
    """Connects to one address, whatever name the URL has; TLS and the Host header use the name."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, limits=KEPT)
        self._address = address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        extensions = request.extensions | {"sni_hostname": request.url.host}
        url = request.url.copy_with(host=self._address)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
        )
        return super().handle_request(there)


def tls_context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    """True: trust the machine's authorities; a path: only the certificates in that file; False: check nothing."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, str):
        context = ssl.create_default_context(cafile=verify)
        # A pinned certificate is trusted for itself: it is nobody's authority and need not look like one.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class HubClient:
    """One person at one hub, or a service if `token` is given. Not thread-safe.

    `base_url` is what a person types, its path included (`https://hub.example.org/jupyter/`); `address` is where to
    connect instead of asking the resolver; `timeout` is of one request, in seconds; the start of a kernel and a cell
    may take twice as long unless a call says otherwise. `subdomains`: each server has
    a name of its own. Every failure is a HubError.
    """

    def __init__(
        self, base_url: str, *, address: str | None = None, verify: bool | str | ssl.SSLContext = True,
        token: str = "", user: str = "", timeout: float = 30, subdomains: bool = False,
    ) -> None:  # fmt: skip
        self.base_url = base_url.rstrip("/") + "/"
        self.address = address
        self.user = user
        self.timeout = timeout
        self.token = token
        self.subdomains = subdomains
        self.context = tls_context(verify)
        found = httpx.HTTPTransport(verify=self.context, limits=KEPT)
        self._http = httpx.Client(
            base_url=self.base_url, timeout=timeout, trust_env=False, follow_redirects=True,
            transport=_Pinned(address, self.context) if address else found,
            headers={"Authorization": f"token {token}"} if token else {},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # -- what a person does ----------------------------------------------------------------------------------

    def login_page(self) -> httpx.Response:
        """Fetch the page with the form; HubError if something else answers."""
        return self.sign_on_page(follow=True)

    def sign_on_page(self, *, follow: bool = False) -> httpx.Response:
        """The hub's answer to a person who is not logged in; with `follow`, what its redirects lead to."""
        response = self.request("GET", "hub/login", step="login page", headers=PAGE, follow_redirects=follow)
        raise_for(response, "login page")
        if "x-jupyterhub-version" not in response.headers:
            raise HubError("login page", f"the answer of {response.url} is not a hub's: {plain_text(response)}")
        return response

    def login(self, user: str, password: str) -> None:
        """Log in with the hub's form; the cookies are kept."""
        self.login_page()
        form = {"username": user, "password": password, "_xsrf": self._xsrf("hub/")}
        after = quote(f"{urlsplit(self.base_url).path}hub/home")
        response = self.request("POST", f"hub/login?next={after}", step="login", data=form, headers=PAGE)
        raise_for(response, "login")
        if not response.url.path.endswith("/hub/home"):
            raise HubError("login", f"the login ended at {response.url}: {plain_text(response)}", response.status_code)
        self.user = user

    def logout(self) -> None:
        """Log out; the cookies are forgotten."""
        self.request("GET", "hub/logout", step="logout", headers=PAGE)
        self._http.cookies.clear()

    def start_server(self, timeout: float = 600, options: dict[str, Any] | None = None) -> None:
        """Start this person's server and return when it is ready; a HubError has the text of the spawn page."""
        end = time.monotonic() + timeout
        if self._asked_to_start(timeout, options):
            return
        # Also after a 201: JupyterHub 6.1 may say so of a slow start that follows a failed one.
        while True:
            try:
                if self._becomes_ready(end):
                    return
            except _NothingStartsError:
                if self._asked_to_start(timeout, options):
                    return
            if time.monotonic() > end:
                raise HubError("server", f"the server of {self.user} was not ready within {timeout:.0f} s")
            time.sleep(POLL)

    def stop_server(self, timeout: float = 60) -> None:
        """Stop this person's server and return when it is gone; does nothing if none runs."""
        end = time.monotonic() + timeout
        response = self.fetch("DELETE", self._server, step="stop", timeout=timeout)
        if response.status_code == 404:
            return
        raise_for(response, "stop")
        while self.server() is not None:
            if time.monotonic() > end:
                raise HubError("stop", f"the server of {self.user} did not stop within {timeout:.0f} s")
            time.sleep(POLL)

    def server(self) -> dict[str, Any] | None:
        """What the hub says about this person's server; None if none runs or starts."""
        model = self.api("GET", f"users/{escaped(self.user)}", step="server")
        found: dict[str, Any] | None = model.get("servers", {}).get("")
        return None if found is not None and found.get("stopped") else found

    def open_server(self) -> httpx.Response:
        """Open the server's page; hub and server complete the sign-on by redirects."""
        home = self.home_url()
        response = self.request("GET", home, step="page", headers=PAGE)
        raise_for(response, "page")
        if httpx.URL(home).raw_path not in response.url.raw_path:
            raise HubError("page", f"the server of {self.user} is not running: its page redirects to {response.url}")
        return response

    def kernel(self, name: str = "", timeout: float | None = None) -> Kernel:
        """Start a kernel in the running server (its default kernel if there is no `name`) and connect to it."""
        timeout = timeout or 2 * self.timeout
        if not self.token:
            self.open_server()
        body = {"name": name} if name else {}
        response = self.fetch("POST", f"{self.home_url()}api/kernels", step="kernel", json=body, timeout=timeout)
        raise_for(response, "kernel")
        return Kernel(self, response.json()["id"], timeout)

    def run_cell(self, code: str, timeout: float | None = None) -> str:
        """Run one cell in a new kernel and return its outputs as text, including an error's name and message."""
        with self.kernel(timeout=timeout) as kernel:
            try:
                return kernel.execute(code, timeout)
            finally:
                kernel.shut_down()

    # -- requests --------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, *, step: str = "api", body: Any = None) -> Any:
        """The hub's REST API: `path` below /hub/api/; its JSON, None for an empty answer."""
        response = self.fetch(method, f"hub/api/{path}", step=step, json=body)
        raise_for(response, step)
        return response.json() if response.content else None

    def fetch(self, method: str, path: str, *, step: str, **rest: Any) -> httpx.Response:
        """Send a request as a page's script does: with the `_xsrf` token of the path (or URL)."""
        headers = FETCH | {"Referer": urljoin(urljoin(self.base_url, path), urlsplit(self.base_url).path)}
        if not self.token:
            headers["X-XSRFToken"] = self._xsrf(path)
        return self.request(method, path, step=step, headers=headers, **rest)

    def request(self, method: str, path: str, *, step: str, **rest: Any) -> httpx.Response:
        """Send any request below the base URL; return the answer whatever its status."""
        try:
            return self._http.request(method, path, **rest)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            late = isinstance(error, httpx.ReadTimeout)
            words = f"{self.base_url}{path}: {_cause(error)}"
            raise HubError(step, words, hint=tls_hint(error), late=late) from error

    def elsewhere(self, url: str, authorities: Iterable[str] = ()) -> tuple[int, str]:
        """The status of another site's page, and its text if it is an error. `authorities`: more certificates (PEM)
        that are trusted.
        """
        context = ssl.create_default_context()
        for pem in authorities:
            context.load_verify_locations(cadata=pem)
        try:
            with httpx.Client(verify=context, timeout=self.timeout, follow_redirects=True) as there:
                answer = there.get(url, headers=PAGE)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise HubError("sign-on", f"{urlsplit(url).netloc}: {_cause(error)}", hint=tls_hint(error)) from error
        return answer.status_code, plain_text(answer) if answer.status_code >= 400 else ""

    def cookies_for(self, url: str) -> str:
        """The Cookie header that a browser would send there (a URL, or a path below the base URL)."""
        request = httpx.Request("GET", urljoin(self.base_url, url))
        self._http.cookies.set_cookie_header(request)
        return str(request.headers.get("Cookie", ""))

    def home_url(self) -> str:
        """Where this person's server is, or would be."""
        found = (self.server() or {}).get("full_url") if self.subdomains else None
        return found or f"{self.base_url}user/{escaped(self.user)}/"

    @property
    def _server(self) -> str:
        return f"hub/api/users/{escaped(self.user)}/server"

    def _xsrf(self, path: str) -> str:
        """The value of the `_xsrf` cookie with the longest path that covers this one."""
        there = urlsplit(urljoin(self.base_url, path))
        found = [
            cookie
            for cookie in self._http.cookies.jar
            if cookie.name == "_xsrf" and there.path.startswith(cookie.path) and _is_of(cookie.domain, there.hostname)
        ]
        return (max(found, key=lambda c: len(c.path)).value or "") if found else ""

    def _not_started(self, words: str, status: int | None = None) -> HubError:
        return HubError("server", f"the server of {self.user} did not start: {words}", status)

    def _asked_to_start(self, timeout: float, options: dict[str, Any] | None) -> bool:
        """Ask the hub to start the server; True if it runs already."""
        response = self.fetch("POST", self._server, step="server", json=options, timeout=timeout)
        if response.status_code == 400 and "already running" in response.text:
            return True
        if response.status_code >= 500:
            raise self._not_started(plain_text(response), response.status_code)
        raise_for(response, "server")
        return False

    def _becomes_ready(self, end: float) -> bool:
        """Follow the start as the spawn page does; False if the stream was interrupted, as by a restart of the hub."""
        for event in self._progress(end):
            if event.get("failed"):
                raise self._not_started(str(event.get("message", "")).removeprefix("Spawn failed: "))
            if event.get("ready"):
                return True
            if time.monotonic() > end:
                break
        return False

    def _progress(self, end: float) -> Iterator[dict[str, Any]]:
        headers = FETCH | {"X-XSRFToken": self._xsrf("hub/")}
        limit = httpx.Timeout(self.timeout, read=max(1.0, min(self.timeout, end - time.monotonic())))
        try:
            with self._http.stream("GET", f"{self._server}/progress", headers=headers, timeout=limit) as response:
                if response.status_code >= 400:
                    response.read()
                    if "is not starting" in response.text:
                        raise _NothingStartsError
                    raise_for(response, "server")
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
        except (httpx.TransportError, ValueError):
            return


class _NothingStartsError(Exception):
    """The hub was asked to start a server while an earlier start was failing, and has forgotten both."""


def escaped(name: str) -> str:
    """A person's name within a path, as JupyterHub writes it (jupyterhub.user.User.escaped_name)."""
    return quote(name, safe="@~")


def _is_of(domain: str, host: str | None) -> bool:
    """Whether a cookie without the attribute Domain is this host's. (http.cookiejar adds .local to names without a
    dot.)
    """
    return domain.strip("[]").removesuffix(".local") == (host or "").removesuffix(".local")


def _cause(error: BaseException) -> str:
    words = str(error).strip() or type(error).__name__
    return f"no answer in time ({words})" if isinstance(error, httpx.TimeoutException) else words
