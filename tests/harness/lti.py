"""A learning platform on a test machine: people come from its course by LTI 1.3 (inside/lti_platform.py)."""

import contextlib
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from harness.machine import Machine
from hubinstall import layout
from hubinstall.verify.client.hub import PAGE, HubClient

FOLDER = "/root/lti"
PORT = 9445
TOOL = "hub"
ROLES = "https://purl.imsglobal.org/spec/lti/claim/roles"
IN_A_COURSE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
# The machine trusts it as it trusts a site's own authority.
SET_UP = f"""set -e
cd {FOLDER}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=the site teaches' \
    -addext basicConstraints=critical,CA:TRUE -addext subjectAltName=IP:$1 -keyout server.key -out server.pem
cp server.pem /usr/local/share/ca-certificates/the-site-teaches.crt
update-ca-certificates
"""
UP = "for i in $(seq 1200); do curl -sf {}/keys >/dev/null && exit; sleep 0.1; done; exit 1"


@dataclass(frozen=True)
class Platform:
    """It runs on `machine`."""

    machine: Machine
    url: str

    def knows(self, **people: str) -> None:
        """From now on these are its people, each with the role in the course."""
        told = {
            name: {"sub": f"id-of-{name}", "email": name, ROLES: [f"{IN_A_COURSE}{role}"]}
            for name, role in people.items()
        }
        self.machine.write(f"{FOLDER}/people.json", json.dumps(told))

    @property
    def settings(self) -> list[str]:
        return [
            "auth.type", "lti", "auth.lti.issuer", self.url, "auth.lti.client_id", TOOL,
            "auth.lti.authorize_url", f"{self.url}/auth", "auth.lti.jwks_endpoint", f"{self.url}/keys",
        ]  # fmt: skip


@contextlib.contextmanager
def running(machine: Machine) -> Iterator[Platform]:
    platform = Platform(machine, f"https://{machine.address}:{PORT}")
    machine.write(f"{FOLDER}/platform.py", Path(__file__).with_name("inside").joinpath("lti_platform.py").read_text())
    machine.run(["sh", "-c", SET_UP, "sh", machine.address])
    program = f"{layout.HUB_VENV}/bin/python3 {FOLDER}/platform.py {FOLDER} {platform.url} >{FOLDER}/log 2>&1"
    with machine.background(f"exec {program}"):
        machine.run(UP.format(platform.url))
        yield platform


def launch(client: HubClient, platform: Platform, name: str, *, wrong: str = "") -> httpx.Response:
    """Come from the course, as a browser whose person is logged in at the platform. `wrong`: with the message."""
    client.user = name
    return send(client, *begun(client, platform, name, wrong=wrong))


def begun(client: HubClient, platform: Platform, name: str, *, wrong: str = "") -> tuple[str, dict[str, str]]:
    """Where the platform's page sends the message, and the message's fields."""
    page = announce(client, platform, name, wrong=wrong)
    place = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert place, page.text[:2000]
    return html.unescape(place[1]), dict(re.findall(r'name="(\w+)" value="([^"]+)"', page.text))


def announce(
    client: HubClient, platform: Platform, name: str, *, wrong: str = "", follow: bool = True
) -> httpx.Response:
    """The platform says that somebody will come."""
    told = {
        "iss": platform.url, "login_hint": name, "target_link_uri": f"{client.base_url}hub/home", "client_id": TOOL,
        "lti_message_hint": wrong or "none", "lti_deployment_id": "1",
    }  # fmt: skip
    return client.request(
        "POST", "hub/lti13/oauth_login", step="launch", data=told, headers=PAGE, follow_redirects=follow
    )


def cookies_of_a_launch(client: HubClient, platform: Platform) -> list[str]:
    """What the hub sets when somebody will come."""
    found = announce(client, platform, "somebody", follow=False).headers.get_list("set-cookie")
    return [cookie for cookie in found if cookie.startswith("lti13")]


def send(client: HubClient, place: str, fields: dict[str, str]) -> httpx.Response:
    """As from another site's page."""
    headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example.org"}
    return client.request("POST", place, step="launch", data=fields, headers=headers)
