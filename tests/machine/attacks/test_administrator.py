"""An administrator of the hub who wants to see what is in somebody's server, although config.yaml does not say so."""

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

SERVER = "user/grace/api/status"
# What each of these makes would let its maker in; with a body that JupyterHub takes.
ROADS = {
    "shares/grace/": {"user": "ada"},
    "share-codes/grace/": {},
    "users/grace/tokens": {"note": "for me"},
    "services/mine": {
        "api_token": "x" * 32, "oauth_client_id": "service-mine", "oauth_redirect_uri": "/services/mine/back",
        "oauth_client_allowed_scopes": ["inherit"], "oauth_no_confirm": True,
    },
}  # fmt: skip
"""A part of the API → what is sent there."""
NOT_SO = {403, 404}


def told(client: HubClient, method: str, path: str, body: object = None) -> httpx.Response:
    return client.fetch(method, f"hub/api/{path}", step=path, json=body)


def opened(ada: HubClient, machine: Machine, token: str) -> set[str]:
    """The ways on which ada gets into grace's server, or to something that would let her in."""
    # Where it is somebody else's, JupyterHub first asks whether to go on.
    page = ada.request("GET", "user/grace/lab", step="page")
    assert page.url.path.endswith("/hub/api/oauth2/authorize"), page.url
    found = {"page"} if page.status_code == 200 else set()
    with installed.client(machine, token=token) as program:
        if program.fetch("GET", SERVER, step="token").status_code == 200:
            found.add("token")
        answers = {path: told(program, "POST", path, body).status_code for path, body in ROADS.items()}
    assert set(answers.values()) <= NOT_SO | {200, 201}, answers
    return found | {path for path, status in answers.items() if status not in NOT_SO}


def test_administrators_open_nobodys_server_unless_the_file_says_so(installed_machine: Machine) -> None:
    machine = installed_machine
    with installed.client(machine) as grace, installed.client(machine) as ada:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        machine.run("hubinstall config set users.admin_access true --apply")
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        grace.start_server()
        token = ada.api("POST", "users/ada/tokens", body={"note": "from before"})["token"]
        assert opened(ada, machine, token) == {"page", "token", *ROADS}
        assert told(ada, "DELETE", "shares/grace/?user=ada").is_success
        machine.run("hubinstall config unset users.admin_access --apply")
        # A server remembers for some minutes whom it let in.
        grace.stop_server()
        assert told(ada, "POST", "users/grace/server").status_code in {201, 202}, "this she may"
        grace.start_server()
        assert opened(ada, machine, token) == set()
        assert installed.status(ada, "hub/admin") == 200
        assert "grace" in {person["name"] for person in told(ada, "GET", "users").json()}
        assert told(ada, "GET", "users/grace/tokens").status_code == 200
        ada.start_server()
        assert ada.run_cell("print('her own')") == "her own\n"
        assert grace.run_cell("print('his own')") == "his own\n"
        assert told(ada, "DELETE", "users/grace/server").status_code in {202, 204}
    machine.run("hubinstall verify")
