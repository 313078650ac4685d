"""Does it really work? Log in with a password, start a server and run a cell, as a person would.

If people sign on elsewhere, nobody can log in from here: the hub is asked with a token of ours instead.

The probe is a system account of ours. It has a random password while it logs in, and no password at other times.
"""

import contextlib
import functools
import http.client
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.errors import CommandError, UserError
from hubinstall.machine import pace
from hubinstall.machine.docker import docker_query
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.settings.model import Settings
from hubinstall.verify import sign_on
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.health import looks, without_supervisord

if TYPE_CHECKING:
    from hubinstall.verify.client.hub import HubClient

LOOPBACK, HTTP = urls.LOOPBACK, urls.HTTP
# All limits are for a usual machine; on a slow one they are longer (machine/pace.py).
REQUEST = 30.0
"""Seconds for one request."""
RUNNING = 30.0
"""Seconds until every service must run: apply has waited for each, but one may just be restarting."""
COMING_UP = 60.0
"""Seconds until the login page must appear; behind a restarted proxy it takes a moment."""
STARTING = 600.0
"""Seconds for the first start of a server."""
CELL = 120.0
STOPPING = 90.0
ANSWERING = 20.0
"""Seconds until port 80 must have answered."""
EVERY = 0.5
"""Seconds between two looks at what is waited for."""


class Reporter(Protocol):
    """Is told about each check (report/plain.py)."""

    def phase(self, text: str) -> None: ...


class VerifyError(UserError):
    """A check failed: which check, what it found, and which log to read (`hubinstall logs LOG`)."""

    def __init__(self, check: str, message: str, hint: str = "", log: str = layout.HUB_SERVICE) -> None:
        look = f"See: hubinstall logs {log}" if log else f"The full output is in {layout.LOG_FILE}."
        super().__init__(f"verify: {check}: {message}", f"{hint} {look}".strip())
        self.check = check
        self.log = log


def verify(host: Host, settings: Settings, facts: Facts, report: Reporter, *, follow: bool = False) -> None:
    """Run all checks in order; raise VerifyError at the first failure. Leaves no server and no password behind.

    `follow`: also go from the sign-on page to the provider, if there is one.
    """
    report.phase("verify: services")
    slow = pace.slowness()
    services(host, facts, slow)
    from hubinstall.verify.client.hub import HubClient, tls_context  # noqa: PLC0415 - httpx is slow to import

    url = urls.check_url(settings, facts)
    context = tls_context(layout.SERVED_CERT if urls.has_tls(settings) else False)
    if settings.name is None:
        # The certificate names addresses, and the machine may have more by now.
        context.check_hostname = False
    dropin = hub_report(host).sign_on
    others = dropin or sign_on.kind(settings)
    connect = functools.partial(
        HubClient, url, address=urls.connect_to(settings), verify=context, timeout=REQUEST * slow,
        subdomains=bool(settings.wildcard),
    )  # fmt: skip
    with connect() as client:
        report.phase(f"verify: {urls.scheme(settings)}")
        reach(client, slow, others=bool(others))
        if urls.has_tls(settings):
            redirect(url)
        if not others:
            with clean(host, client, slow):
                report.phase("verify: login")
                login(host, client)
                server_and_cell(host, client, report, slow)
            report.phase("verify: a person can log in, start a server and run a cell")
            return
        if dropin:
            report.phase(f"verify: login: the page answers; {dropin} is a drop-in's, so nobody can log in from here")
        else:
            elsewhere(host, client, settings, facts, report, follow=follow)
    token = host.text(layout.VERIFY_TOKEN).strip()
    user = layout.PROBE_USER
    with connect(token=token, user=user) as client, clean(host, client, slow):
        server_and_cell(host, client, report, slow)
    report.phase("verify: the hub can start a server and run a cell")


def elsewhere(
    host: Host, client: "HubClient", settings: Settings, facts: Facts, report: Reporter, *, follow: bool
) -> None:
    """The hub sends people to their provider. One that is away is said, but is no failure of this machine; with
    `follow` it is one.
    """
    report.phase(f"verify: login: {sign_on.kind(settings)}: nobody can log in from here")
    try:
        if settings.auth.has_form:
            for words in sign_on.form(client, host, settings, facts):
                report.phase(f"verify: login: {words}")
            return
        if not settings.auth.redirects:
            report.phase("verify: login: the page answers; what it asks for is the class's")
            return
        if not follow:
            report.phase(f"verify: login: the page leads to {urlsplit(sign_on.leads_to(client, settings)).netloc}")
            return
        for words in sign_on.followed(client, host, settings, facts):
            report.phase(f"verify: sign-on: {words}")
    except HubError as error:
        if not follow and error.status == sign_on.AWAY:
            report.phase(f"verify: login: {error.message}")
            return
        raise VerifyError("sign-on", error.message, error.hint) from error


def server_and_cell(host: Host, client: "HubClient", report: Reporter, slow: float) -> None:
    report.phase("verify: server")
    server(client, slow)
    report.phase("verify: cell")
    cell(client, slow)
    report.phase("verify: stop")
    stop(host, client, slow)


def services(host: Host, facts: Facts, slow: float = 1.0) -> None:
    """Every service of ours runs; wait for those that are starting."""
    end = time.monotonic() + RUNNING * slow
    while True:
        if (stopped := without_supervisord(host, facts)) and time.monotonic() > end:
            raise VerifyError(
                "services", f"{stopped.name}: {stopped.message}", "Run: hubinstall start.", log=layout.SUPERVISORD
            )
        down = {service: look for service, look in looks(host, facts).items() if not look.running}
        if not down:
            return
        if time.monotonic() > end:
            first = next(iter(down))
            words = ", ".join(f"{service} is {look.words}" for service, look in down.items())
            raise VerifyError("services", words, log=first)
        host.wait(EVERY)


def reach(client: "HubClient", slow: float = 1.0, *, others: bool = False) -> None:
    """The hub's login page arrives through nginx and the proxy, with the right certificate. `others`: a drop-in's
    authenticator makes the page, which may be a redirect to another site.
    """
    end = time.monotonic() + COMING_UP * slow
    while True:
        try:
            client.sign_on_page() if others else client.login_page()
            return
        except HubError as error:
            wrong_certificate = bool(error.hint)
            if wrong_certificate or time.monotonic() > end:
                raise unreachable(error) from error
        time.sleep(EVERY)


def unreachable(error: HubError) -> VerifyError:
    """What an answer that is not the hub's says about the way nginx → proxy → hub."""
    if error.late:
        words = f"nginx accepts the request, but the hub does not answer: {error.message}"
        return VerifyError("login page", words)
    if error.status is None:
        return VerifyError("nginx", error.message, error.hint, log=layout.NGINX_SERVICE)
    if error.status in {502, 504}:
        words = f"nginx answers, but the proxy behind it does not ({error.status})"
        return VerifyError("login page", words, log=layout.PROXY_SERVICE)
    if error.status == 503:
        return VerifyError("login page", "the proxy answers, but the hub behind it does not (503)")
    return VerifyError("login page", error.message, log=layout.NGINX_SERVICE)


def redirect(url: str) -> None:
    """Port 80 redirects to https."""
    connection = http.client.HTTPConnection(LOOPBACK, HTTP, timeout=ANSWERING)
    try:
        connection.request("GET", urlsplit(url).path, headers={"Host": urlsplit(url).netloc})
        answer = connection.getresponse()
        seen = f"{answer.status} {answer.getheader('Location', '')}".strip()
    except (OSError, http.client.HTTPException) as error:
        raise VerifyError("redirect", f"port 80 does not answer: {error}", log=layout.NGINX_SERVICE) from error
    finally:
        connection.close()
    if answer.status not in {301, 302, 307, 308} or not answer.getheader("Location", "").startswith("https://"):
        raise VerifyError(
            "redirect", f"port 80 answers {seen!r} instead of redirecting to https", log=layout.NGINX_SERVICE
        )


def login(host: Host, client: "HubClient") -> None:
    """PAM accepts the probe's current password and no other."""
    password = secrets.token_urlsafe(24)
    try:
        host.run(["chpasswd", "--crypt-method", "SHA512"], input=f"{layout.PROBE_USER}:{password}\n", stall=60)
    except CommandError as error:
        words = f"the password of the account {layout.PROBE_USER} could not be set: {error.message}"
        raise VerifyError("login", words, error.hint, log="") from error
    if log_in(client, secrets.token_urlsafe(24)) is None:
        hint = f"Fix {layout.PAM_FILE}, or the files it includes, at once: anyone can log in as anyone."
        raise VerifyError("login", "the hub accepts a wrong password", hint)
    if refused := log_in(client, password):
        hint = f"See {layout.PAM_FILE} and the files it includes." if refused.status == 403 else ""
        raise VerifyError("login", f"the correct password was rejected: {refused.message}", hint) from refused


def log_in(client: "HubClient", password: str) -> HubError | None:
    """Why the hub rejects the probe's login; None if it accepts it."""
    try:
        client.login(layout.PROBE_USER, password)
    except HubError as error:
        return error
    return None


def server(client: "HubClient", slow: float = 1.0) -> None:
    """A new server starts and its page opens. A server that a killed check left running is stopped first."""
    try:
        client.stop_server(STOPPING * slow)
        client.start_server(STARTING * slow)
        client.open_server()
    except HubError as error:
        raise VerifyError("server", error.message) from error


def cell(client: "HubClient", slow: float = 1.0) -> None:
    """A cell prints what only its kernel can have computed."""
    first, second = secrets.token_hex(8), secrets.token_hex(8)
    hint = "Perhaps no kernel of the image can start."
    try:
        output = client.run_cell(f"print('{first}' + '{second}')", CELL * slow)
    except HubError as error:
        words = f"the {error.step}: {error.message}"
        raise VerifyError("cell", words, hint if error.step == "kernel" else "") from error
    if first + second not in output:
        raise VerifyError("cell", f"the cell printed {output[:200]!r} instead of the expected text", hint)


def stop(host: Host, client: "HubClient", slow: float = 1.0) -> None:
    """The server stops, and its container is gone."""
    try:
        client.stop_server(STOPPING * slow)
    except HubError as error:
        raise VerifyError("stop", error.message) from error
    end = time.monotonic() + STOPPING * slow
    while left := containers(host):
        if time.monotonic() > end:
            raise VerifyError("stop", f"the server was stopped, but its container {left} still exists")
        time.sleep(EVERY)


def containers(host: Host) -> str:
    """The probe's containers, running or not."""
    label = f"label={layout.USER_LABEL}={layout.PROBE_USER}"
    return " ".join(docker_query(host, "ps", "--all", "--quiet", "--filter", label).stdout.split())


@contextlib.contextmanager
def clean(host: Host, client: "HubClient", slow: float = 1.0) -> Iterator[None]:
    """Leave no password and no server behind, whatever happens inside the block."""
    failed = True
    try:
        yield
        failed = False
    finally:
        # "!" is not the hash of any password: no login works, and nothing of the old hash remains.
        locked = host.run(["usermod", "--password", "!", layout.PROBE_USER], check=False, stall=60)
        # Both tools record the date; without it, /etc/shadow is the same after each verify, on any day.
        host.run(["chage", "--lastday", "-1", layout.PROBE_USER], check=False, stall=60)
        if failed and client.user:
            with contextlib.suppress(UserError, OSError):
                for container in containers(host).split():  # its output, for the log
                    docker_query(host, "logs", "--tail", "50", container, check=False)
                client.stop_server(STOPPING * slow)
        if not failed and locked.returncode:
            raise VerifyError("login", f"the account {layout.PROBE_USER} could not be locked again", log="")
        if not failed:
            with contextlib.suppress(UserError):
                client.logout()
