"""A real OpenID provider on a test machine: npm's oidc-provider, with its own page to log in, behind TLS."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import PAGE, HubClient

FOLDER = "/root/openid"
PORT = 9443
NODE = "/opt/hubinstall/node"
SECRET = "b2f6c1d7-of-a-test-9c5e"
# The machine trusts it as it trusts a site's own authority.
SET_UP = f"""set -e
cd {FOLDER}
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -days 3650 -subj '/CN=the site signs on' -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign -keyout root.key -out root.pem
openssl req -new $new -subj /CN=openid -keyout server.key -out server.csr
printf '%s\n' subjectAltName=IP:$1 authorityKeyIdentifier=keyid >names
openssl x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile names -out server.pem
cp root.pem /usr/local/share/ca-certificates/the-site-signs-on.crt
update-ca-certificates
PATH={NODE}/bin:$PATH {NODE}/bin/node {NODE}/lib/node_modules/npm/bin/npm-cli.js install --silent --no-audit --no-fund \
    oidc-provider@9
"""
UP = "for i in $(seq 1200); do curl -sf {}/.well-known/openid-configuration >/dev/null && exit; sleep 0.1; done; exit 1"


@dataclass(frozen=True)
class OpenIdProvider:
    """It runs on `machine`."""

    machine: Machine
    issuer: str

    def knows(self, **people: list[str]) -> None:
        """From now on these are its people, each with their groups."""
        told = {name: {"preferred_username": name, "groups": groups} for name, groups in people.items()}
        self.machine.write(f"{FOLDER}/people.json", json.dumps(told))


def set_up(machine: Machine) -> OpenIdProvider:
    """Everything but the running program."""
    machine.write(f"{FOLDER}/provider.mjs", Path(__file__).with_name("inside").joinpath("provider.mjs").read_text())
    machine.write(f"{FOLDER}/secret", SECRET, mode=0o600)
    machine.run(["sh", "-c", SET_UP, "sh", machine.address])
    return OpenIdProvider(machine, f"https://{machine.address}:{PORT}")


@contextlib.contextmanager
def running(provider: OpenIdProvider) -> Iterator[None]:
    callback = f"{installed.url(provider.machine)}hub/oauth_callback"
    command = f"cd {FOLDER} && exec {NODE}/bin/node provider.mjs {FOLDER} {provider.issuer} {callback} >log 2>&1"
    with provider.machine.background(command):
        provider.machine.run(UP.format(provider.issuer))
        yield


def sign_on(client: HubClient, name: str) -> httpx.Response:
    """Go from the hub's page to the provider's, log in there, and return with what the hub then says."""
    page = client.request("GET", "hub/oauth_login", step="sign-on", headers=PAGE)
    for form in ({"prompt": "login", "login": name, "password": "any"}, {"prompt": "consent"}):
        place = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert place, page.text[:2000]
        url = urljoin(str(page.url), place[1])
        page = client.request("POST", url, step="sign-on", data=form, headers=PAGE)
    client.user = name
    return page


def sign_on_again(client: HubClient) -> httpx.Response:
    """As a browser that is still logged in at the provider: it asks for nothing."""
    return client.request("GET", "hub/oauth_login", step="sign-on", headers=PAGE)
