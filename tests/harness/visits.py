"""What a browser gets during a visit, where it is redirected, and who the hub thinks it is."""

import html
import re
from urllib.parse import quote, urlsplit

import httpx

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.hub import PAGE, HubClient

ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example", "///evil.example")
"""Values of `?next=` that might redirect a person who logs in to somebody else's page."""
SOMEBODY = "198.51.100.7"
"""An address that never connected to the machine."""
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def report(name: str) -> dict[str, str]:
    """SOMEBODY and a secure connection to a host, in a proxy's headers: everything that a visitor might forge."""
    return {
        "X-Forwarded-For": SOMEBODY,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": name,
        "X-Forwarded-Port": "443",
        "X-Real-IP": SOMEBODY,
        "X-Scheme": "https",
        "Forwarded": f"for={SOMEBODY};proto=https;host={name}",
    }


def noted(machine: Machine, page: str) -> str:
    """The address in the hub's log of a visitor who requested a missing page."""
    found: list[str] = []

    def is_there() -> bool:
        log = machine.run("hubinstall logs jupyterhub -n 300").out
        found[:] = re.findall(rf"/hub/{page}\b.* \([^@)]*@([^)]+)\)", log)
        return bool(found)

    assert soon(is_there), f"the hub's log says nothing of /hub/{page}"
    return found[0]


def cookies(client: HubClient) -> list[str]:
    """Every cookie that a person gets on the way to their own server, with its attributes."""
    given: list[str] = []

    def note(response: httpx.Response) -> None:
        given.extend(response.headers.get_list("set-cookie"))

    client._http.event_hooks = {"response": [note]}
    client.login(installed.PERSON, installed.PERSON_PASSWORD)
    client.start_server()
    client.open_server()
    client._http.event_hooks = {}
    assert {"_xsrf", "jupyterhub-session-id"} <= {cookie.partition("=")[0] for cookie in given}
    return given


def insecure(cookies: list[str]) -> list[str]:
    """Cookies that a browser would also send over plain http."""
    return [cookie for cookie in cookies if "secure" not in cookie.lower()]


def readable(cookies: list[str]) -> list[str]:
    """Cookies that a page's script can read. Pages read their own _xsrf in order to send it; a cookie without a value
    is a deletion.
    """
    kept = [cookie for cookie in cookies if not re.match(r'(_xsrf=|[^=]*=("")?;)', cookie)]
    assert kept
    return [cookie for cookie in kept if "httponly" not in cookie.lower()]


def led_to(client: HubClient, target: str) -> str:
    """The host to which a login with this `?next=` redirects; empty: the hub's. A backslash counts as a slash, because
    some browsers treat it as one.
    """
    client.login_page()
    form = {
        "username": installed.PERSON, "password": installed.PERSON_PASSWORD, "_xsrf": client._xsrf("hub/"),
    }  # fmt: skip
    path = f"hub/login?next={quote(target, safe='')}"
    answer = client.request("POST", path, step="login", data=form, headers=PAGE, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    led = urlsplit(answer.headers["location"].replace("\\", "/")).netloc
    return "" if led == urlsplit(client.base_url).netloc else led


def hidden(page: httpx.Response) -> dict[str, list[str]]:
    """Name → values of the hidden fields of a page's form."""
    found: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page.text):
        found.setdefault(name, []).append(html.unescape(value))
    return found


def opened(client: HubClient, path: str) -> httpx.Response:
    """What a browser is answered that opens a page of somebody's server, and agrees to be known there."""
    page = client.request("GET", path, step="page", headers=PAGE)
    if page.status_code == 200 and page.url.path.endswith("/hub/api/oauth2/authorize"):
        page = client.request("POST", str(page.url), step="authorize", headers=PAGE, data=hidden(page))
    return page
