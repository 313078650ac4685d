"""Sign-on at a real OpenID provider: who gets in, who is an administrator, and what changes nothing of it."""

import time
from collections.abc import Iterator

import pytest

from harness import installed, openid
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.openid import OpenIdProvider
from harness.waiting import soon
from hubinstall import layout
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

SECRET_FILE = "/etc/hubinstall/oidc-secret"
ADMINISTRATOR, MEMBER, OUTSIDER = "emmy", "katherine", "mallory"
"""None of them has an account on the machine."""
GROUPS = {ADMINISTRATOR: ["hub-admins", "students"], MEMBER: ["students"], OUTSIDER: ["visitors"]}
ASKS_AT_ONCE = "c.OauthRights.ask_every = 0.5\nc.OauthRights.gone_after = 3\n"
# Whoever may read the file: the administrator's own is 0600, the hub's copy 0400.
OPEN_FILES = f"grep -rlF {openid.SECRET} /etc /opt/hubinstall /var/lib/hubinstall /var/log /run 2>/dev/null"


@pytest.fixture(scope="module")
def provider(installed_machine: Machine) -> Iterator[OpenIdProvider]:
    found = openid.set_up(installed_machine)
    found.knows(**GROUPS)
    with openid.running(found):
        yield found


def settings(provider: OpenIdProvider) -> list[str]:
    return [
        "auth.type", "oidc", "auth.oidc.issuer", provider.issuer, "auth.oidc.client_id", "hub",
        "auth.oidc.client_secret_file", SECRET_FILE, "auth.oidc.scope", "[openid, profile, groups]",
        "auth.oidc.admin_groups", "[hub-admins]", "auth.oidc.allowed_groups", "[students]",
        "auth.oidc.title", "Example University",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def machine(provider: OpenIdProvider) -> Machine:
    """Its hub signs people on there."""
    machine = provider.machine
    change = ["hubinstall", "config", "set", *settings(provider), "--apply"]
    machine.write(SECRET_FILE, "", mode=0o644)
    refused = machine.run(change, check=False)
    assert refused.code == 78
    assert f"{SECRET_FILE} has the mode 0644 and belongs to root" in refused.err
    assert f"{SECRET_FILE} is empty" in refused.err
    machine.write(SECRET_FILE, f"{openid.SECRET}\n", mode=0o600)
    machine.write(f"{layout.HUB_DROPINS}/90-asks-at-once.py", ASKS_AT_ONCE)
    applied = machine.run(change).err
    assert f"the page leads to {provider.issuer.removeprefix('https://')}" in applied
    assert "verify: the hub can start a server and run a cell" in applied
    return machine


@pytest.fixture(scope="module")
def member(machine: Machine) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        openid.sign_on(client, MEMBER)
        yield client


def is_out(client: HubClient) -> bool:
    return client.request("GET", "hub/home", step="page").url.path.endswith("/hub/login")


def test_a_member_gets_in_and_an_outsider_reads_why_not(member: HubClient, machine: Machine) -> None:
    member.start_server()
    assert member.run_cell("import os; print(os.path.expanduser('~'))") == f"/home/{MEMBER}\n"
    assert installed.status(member, "hub/admin") == 403
    account = machine.run(["getent", "passwd", MEMBER]).out
    assert account.endswith("nologin\n"), "made at the first sign-on"
    with installed.client(machine) as stranger:
        page = openid.sign_on(stranger, OUTSIDER)
        assert page.status_code == 403
        assert f"{OUTSIDER} is not on the list of people who may use this hub" in page.text
        assert "Example University" in stranger.login_page().text
    assert machine.run(["getent", "passwd", OUTSIDER], check=False).code, "and gets no account"


def test_who_leaves_the_group_is_no_administrator_with_the_old_cookie(
    provider: OpenIdProvider, machine: Machine
) -> None:
    with installed.client(machine) as emmy:
        openid.sign_on(emmy, ADMINISTRATOR)
        assert installed.status(emmy, "hub/admin") == 200
        provider.knows(**GROUPS | {ADMINISTRATOR: ["students"]})
        assert soon(lambda: installed.status(emmy, "hub/admin") == 403)
        assert installed.status(emmy, "hub/home") == 200, "still signed on"
        provider.knows(**GROUPS | {ADMINISTRATOR: ["visitors"]})
        assert soon(lambda: is_out(emmy)), "and has to sign on again"
        assert "Example University" in emmy.request("GET", "hub/home", step="page").text
        assert openid.sign_on_again(emmy).status_code == 403
        provider.knows(**GROUPS)
        openid.sign_on_again(emmy)
        provider.knows(**{name: groups for name, groups in GROUPS.items() if name != ADMINISTRATOR})
        time.sleep(2.5)  # the access token is over by now
        assert soon(lambda: is_out(emmy)), "whom the provider no longer knows"
        assert is_out(emmy)
        day = f"getent shadow {ADMINISTRATOR} | cut -d : -f 8"
        assert soon(lambda: machine.run(day).out == "2\n"), "who does not sign on again is locked"
    provider.knows(**GROUPS)
    with installed.client(machine) as emmy:
        openid.sign_on(emmy, ADMINISTRATOR)
        assert installed.status(emmy, "hub/home") == 200
        assert machine.run(day).out == "\n"


def test_another_setting_changes_nothing_of_it(member: HubClient, machine: Machine) -> None:
    machine.run("hubinstall config set limits.cpu 2 --apply")
    assert member.server() is not None
    assert installed.status(member, "hub/home") == 200
    with installed.client(machine) as emmy:
        assert openid.sign_on(emmy, ADMINISTRATOR).status_code == 200
    assert "nothing changed" in machine.run("hubinstall apply").err
    shown = machine.run("hubinstall status", check=False).out
    assert "OpenIdAuthenticator" in shown


def test_the_secret_is_in_no_file_that_others_read(machine: Machine) -> None:
    found = machine.run(f"{OPEN_FILES} | xargs stat -c '%a %U %n'").out.splitlines()
    assert f"600 root {SECRET_FILE}" in found
    assert f"400 {layout.HUB_USER} {layout.SIGN_ON_SECRET}" in found
    assert [line for line in found if not line.startswith(("600 root ", f"400 {layout.HUB_USER} "))] == []


def test_the_hub_is_let_out_for_it(machine: Machine) -> None:
    if machine.process_manager is ProcessManager.SYSTEMD:
        shown = machine.run("systemctl show -p IPAddressAllow jupyterhub-proxy jupyterhub").out.splitlines()
        assert ["0.0.0.0/0" in line for line in shown if line] == [False, True]


def test_verify_goes_up_to_the_provider_and_says_what_it_did_not_try(machine: Machine) -> None:
    said = machine.run("hubinstall verify --sign-on").err
    assert "which answers 200" in said
    assert "not tried: a person's own login there" in said
