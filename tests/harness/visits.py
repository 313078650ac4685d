"""What a browser is given during a visit, where it is led, and who the hub takes it for."""

import re
import time
from urllib.parse import quote, urlsplit

import httpx

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import PAGE, HubClient

ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example", "///evil.example")
"""What `?next=` might say to lead a person who logs in to somebody else's page."""
SOMEBODY = "198.51.100.7"
"""Who never was at the machine."""


def report(name: str) -> dict[str, str]:
    """SOMEBODY and his secure connection to a host, as a proxy would report them; all that one might forge."""
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
    """The address of whoever asked for a page that is not there, by the hub's log."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        log = machine.run("hubinstall logs jupyterhub -n 300").out
        if found := re.search(rf"/hub/{page}\b.* \([^@)]*@([^)]+)\)", log):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"the hub's log says nothing of /hub/{page}")


def cookies(client: HubClient) -> list[str]:
    """Every cookie that one is given on the way to one's own server, with its attributes."""
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
    """Those that a browser would also send over plain http."""
    return [cookie for cookie in cookies if "secure" not in cookie.lower()]


def readable(cookies: list[str]) -> list[str]:
    """Those that a page's script can read. Pages read their own _xsrf, to send it along; one without a value is taken
    back.
    """
    kept = [cookie for cookie in cookies if not re.match(r'(_xsrf=|[^=]*=("")?;)', cookie)]
    assert kept
    return [cookie for cookie in kept if "httponly" not in cookie.lower()]


def led_to(client: HubClient, target: str) -> str:
    """Whose page one comes to who logs in with `?next=` and this; empty: the hub's. A backslash counts as a slash, as
    some browsers take it.
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
