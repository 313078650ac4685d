"""A student who makes the hub's database grow: with everything that a session and their own server's token can ask."""

import re
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

COUNT = """
import sqlite3, sys
hub = sqlite3.connect("file:/var/lib/hubinstall/hub/jupyterhub.sqlite?mode=ro", uri=True)
for table in ("oauth_codes", "api_tokens", "spawners", "groups", "roles", "shares", "share_codes", "services"):
    print(hub.execute(f"select count(*) from {table}").fetchone()[0])
print(sum(len(word or "") for [word] in hub.execute("select code_challenge from oauth_codes")))
"""
AUTHORIZE = "hub/api/oauth2/authorize?"
LOOPS = 30
TOKENS, MOST_TOKENS = "hub/api/users/grace/tokens", 100
MINE = {"client_id": "jupyterhub-user-grace", "redirect_uri": "/user/grace/oauth_callback"}
SECRET = "import os; print(os.environ['JUPYTERHUB_API_TOKEN'])"
LONG = "x" * 60000
REFUSED = [
    ("POST", "groups/mine", {}, "403"),
    ("POST", "groups/mine/users", {"users": ["grace"]}, "403|404"),
    ("PUT", "users/grace/servers/second", {"display_name": LONG}, "at most 255"),
    ("POST", "users/grace/servers/second", {}, "Named servers are not enabled"),
    ("PATCH", "users/grace/server", {"display_name": LONG}, "at most 255"),
    ("PATCH", "users/grace/server", {"name": "second"}, "Named servers are not enabled"),
    ("PATCH", "users/grace/server", {"user_options": {"note": LONG}}, "no option"),
    ("POST", "users/grace/server", {"user_options": {"note": LONG}}, "no option|already running"),
    ("POST", "shares/grace/", {"user": "ada"}, "403|404"),
    ("POST", "share-codes/grace/", {}, "403|404"),
    ("POST", "users/grace/activity", {"servers": {LONG: {"last_activity": "2026-01-01T00:00:00Z"}}}, "No such server"),
    ("POST", "users/grace/activity", {"last_activity": "2999-01-01T00:00:00Z"}, "400"),
    ("PATCH", "users/grace", {"auth_state": {"kept": LONG}}, "403|404"),
    ("POST", "services/mine", {"url": "http://x"}, "403"),
    ("POST", "users/grace/tokens", {"note": LONG}, "at most 250"),
    ("POST", "users/grace/tokens", {"roles": [LONG]}, "at most 100 roles"),
    ("POST", "users/grace/tokens", {"scopes": ["self"] * 10000}, "at most 100 scopes"),
]


def counted(machine: Machine) -> list[int]:
    return [int(word) for word in machine.run(["python3", "-c", COUNT]).out.split()]


def authorize(client: HubClient, **more: str) -> httpx.Response:
    """One sign-on of a browser to grace's server, up to the code."""
    asked = urlencode({**MINE, "response_type": "code", "state": "x", **more})
    return client.request("GET", AUTHORIZE + asked, step="authorize", follow_redirects=False)


def redeem(client: HubClient, secret: str, code: str) -> int:
    """What grace's server does next."""
    body = {**MINE, "client_secret": secret, "code": code, "grant_type": "authorization_code"}
    return client.request("POST", "hub/api/oauth2/token", step="token", data=body).status_code


def test_sign_ons_in_a_loop(installed_machine: Machine, grace: HubClient) -> None:
    """JupyterHub keeps each code for an hour and each token for two weeks, with a challenge of any length."""
    secret = grace.run_cell(SECRET).strip()
    before = counted(installed_machine)
    assert authorize(grace, code_challenge="c" * 7000, code_challenge_method="S256").status_code == 400
    begun = time.monotonic()
    for _ in range(LOOPS):
        assert authorize(grace, code_challenge="c" * 128, code_challenge_method="S256").status_code == 302
        code = parse_qs(urlsplit(authorize(grace).headers["Location"]).query)["code"][0]
        assert redeem(grace, secret, code) == 200
    seconds = time.monotonic() - begun
    after = counted(installed_machine)
    print(f"{LOOPS} sign-ons in {seconds:.1f} s: codes, tokens and others {before} -> {after}")
    assert after[0] <= 20
    assert after[1] - before[1] <= 20
    assert after[-1] <= 20 * 128
    assert grace.open_server().status_code == 200
    assert grace.run_cell("print(6 * 7)") == "42\n", "a browser whose sign-on had to make room signs on again"


@pytest.mark.parametrize(("method", "path", "body", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_long_words_and_new_things_are_refused(
    installed_machine: Machine, grace: HubClient, method: str, path: str, body: object, words: str
) -> None:
    before = counted(installed_machine)
    with pytest.raises(HubError) as refused:
        grace.api(method, path, body=body)
    assert refused.value.status is not None
    assert 400 <= refused.value.status < 500
    assert re.search(words, f"{refused.value.status} {refused.value}")
    # What has run out may go meanwhile.
    assert all(now <= then for now, then in zip(counted(installed_machine), before, strict=True))


def test_tokens_in_a_loop(installed_machine: Machine, grace: HubClient) -> None:
    before, made = counted(installed_machine)[1], []
    for _ in range(MOST_TOKENS + 1):
        answer = grace.fetch("POST", TOKENS, step="token", json={"note": "n" * 250})
        if answer.status_code >= 400:
            break
        made.append(answer.json()["id"])
    assert "grace has 100 tokens, and nobody can have more" in answer.text
    assert counted(installed_machine)[1] - before == len(made) <= MOST_TOKENS
    begun = time.monotonic()
    for page in ("hub/token", "hub/home"):
        assert grace.request("GET", page, step="page").status_code == 200
    print(f"two pages with {len(made)} tokens more: {time.monotonic() - begun:.2f} s")
    for one in made:
        grace.api("DELETE", f"users/grace/tokens/{one}")
