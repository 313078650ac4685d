"""What a person's server says holds for that server alone, not for the hub and the other servers beside it."""

from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

COOKIES = (
    "tossed=1; Path=/",
    "neighbour=1; Path=/user/graceful/; HttpOnly",
    "wide=1; Domain=example.org; Path=/hub/",
    "climbing=1; Path=/user/grace/../../hub/",
    "last=1; Path=/user/grace/; path=/",
    "bare=1",
    "own=1; Path=/user/grace/proxy/; SameSite=Strict",
)
HEADERS = {
    "Service-Worker-Allowed": "/",
    "Clear-Site-Data": '"*"',
    "Strict-Transport-Security": "max-age=9",
    "Alt-Svc": 'h2="evil.example:443"',
    "Accept-CH": "Sec-CH-UA-Model",
    "NEL": '{"report_to": "x", "max_age": 9}',
    "Report-To": '{"group": "x", "max_age": 9, "endpoints": []}',
    "Set-Login": "logged-out",
    "Origin-Agent-Cluster": "?0",
}
HOSTILE = f"""
from tornado.web import RequestHandler
def finish(self, *given, finish=RequestHandler.finish, **named):
    for name, value in {HEADERS!r}.items():
        self.set_header(name, value)
    for cookie in {COOKIES!r}:
        self.add_header("Set-Cookie", cookie)
    self.set_header("X-Mine", "kept")
    return finish(self, *given, **named)
RequestHandler.finish = finish
"""
UPGRADE = (
    "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' "
    "-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' --http1.1"
)
# A websocket that is open stays open: curl is ended when it has printed the headers.
ASK = """exec 3< <(exec curl -sk -m 60 -D - -o /dev/null -H "Cookie: $1" {options} "$2" 2>/dev/null); curl=$!
sed -u '/^\\r*$/q' <&3
kill $curl 2>/dev/null || true"""


@pytest.fixture(scope="module")
def hostile(installed_machine: Machine) -> Iterator[HubClient]:
    machine = installed_machine
    machine.write("/root/settings.py", HOSTILE)
    machine.run("install -D -o grace -g grace /root/settings.py /home/grace/.jupyter/jupyter_server_config.py")
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        yield client


def headers(machine: Machine, client: HubClient, path: str, options: str = "") -> list[str]:
    """The header lines of one answer, as they leave nginx."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client._http.cookies.jar)
    url = f"https://{machine.address}{path}"
    said = machine.run(["bash", "-c", ASK.format(options=options), "bash", cookies, url]).out
    return [line.strip() for line in said.splitlines() if ":" in line]


def names(lines: list[str]) -> set[str]:
    return {line.partition(":")[0].lower() for line in lines}


def paths(lines: list[str]) -> dict[str, list[str]]:
    """Cookie of ours → its attributes."""
    found = [line.partition(":")[2] for line in lines if line.lower().startswith("set-cookie:")]
    pairs = [[part.strip() for part in cookie.split(";")] for cookie in found]
    return {pair.partition("=")[0]: attributes for pair, *attributes in pairs if pair.endswith("=1")}


@pytest.mark.parametrize(
    ("path", "options"),
    [("/user/grace/api/status", ""), ("/user/grace/files/none", ""), ("/user/grace/api/events/subscribe", UPGRADE)],
    ids=["page", "not found", "websocket"],
)
def test_headers_and_cookies_hold_for_the_server_alone(
    installed_machine: Machine, hostile: HubClient, path: str, options: str
) -> None:
    lines = headers(installed_machine, hostile, path, options)
    assert "x-mine" in names(lines), "the server's own settings were not used"
    assert not names(lines) & {name.lower() for name in HEADERS}
    seen = paths(lines)
    assert seen.keys() == {cookie.partition("=")[0] for cookie in COOKIES}
    for name, attributes in seen.items():
        own = "/user/grace/proxy/" if name == "own" else "/user/grace/"
        assert [part for part in attributes if part.lower().startswith(("path", "domain"))] == [f"Path={own}"], name
    assert "HttpOnly" in seen["neighbour"]
    assert "SameSite=Strict" in seen["own"]


def test_the_hub_itself_says_what_it_likes(installed_machine: Machine, hostile: HubClient) -> None:
    lines = headers(installed_machine, hostile, "/hub/login")
    assert any("Path=/hub/" in line for line in lines if line.lower().startswith("set-cookie:"))
    assert hostile.run_cell("print(6 * 7)") == "42\n"
