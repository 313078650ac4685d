"""The accounts helper: what it reads, and who may not."""

import json

import pytest

from fakes.blueprint import wished
from hubinstall import layout
from hubinstall.accounts_helper.policy import Making, Policy


def test_pam_follows_the_distribution():
    rules = [line for line in wished()[f"file:{layout.PAM_FILE}"].content.splitlines() if not line.startswith("#")]
    assert rules == [
        "@include common-auth",
        f"account [success=1 default=ignore] pam_succeed_if.so quiet user = {layout.PROBE_USER}",
        "account requisite pam_nologin.so",
        "@include common-account",
        "@include common-password",
    ]


def test_it_is_told_whose_accounts_are_peoples_and_only_root_reads_its_key():
    resources = wished(settings={"users": {"uid_max": 200000}})
    file = resources[f"file:{layout.ACCOUNTS_POLICY}"]
    assert Policy.parse(file.content) == Policy(1000, 200000, new_password=8)
    assert file.desired()["mode"] == "0600"
    assert resources[f"secret:{layout.ACCOUNTS_KEY}"].readers == {layout.ACCOUNTS_KEY: "root"}
    assert json.loads(file.content).keys() == {"uid_min", "uid_max", "new_password"}


def test_the_hubs_account_may_not_read_hashes():
    hub = wished()[f"account:{layout.HUB_USER}"]
    assert layout.PASSWORDS_GROUP in hub.never
    assert layout.PASSWORDS_GROUP not in hub.groups


OIDC = {
    "issuer": "https://login.example.org", "client_id": "hub", "client_secret_file": "/etc/hubinstall/oidc-secret",
}  # fmt: skip


def from_elsewhere(**users):
    """A sign-on whose people need no account before they come."""
    return wished(settings={"auth": {"type": "oidc", "oidc": OIDC}, "users": {"admin": ["ada"], **users}})


def test_with_pam_it_makes_no_accounts():
    resources = wished()
    assert Policy.parse(resources[f"file:{layout.ACCOUNTS_POLICY}"].content).making is None
    assert f"group:{layout.PEOPLE_GROUP}" not in resources
    unit = resources[f"unit:{layout.unit(layout.ACCOUNTS_SERVICE)}"].content
    assert "ProtectHome=yes" in unit
    assert "/home" not in unit


@pytest.mark.parametrize("shell", [False, True])
def test_with_another_sign_on_it_makes_accounts_for_the_hub_only(shell):
    resources = from_elsewhere(shell=shell)
    making = Policy.parse(resources[f"file:{layout.ACCOUNTS_POLICY}"].content).making
    groups = (layout.PEOPLE_GROUP,) if shell else (layout.PEOPLE_GROUP, layout.NO_LOGIN_GROUP)
    assert making == Making("/bin/bash" if shell else "/usr/sbin/nologin", groups, known=("ada",))
    order = list(resources)
    for needed in (f"group:{layout.PEOPLE_GROUP}", f"no-host-logins:{layout.NO_LOGIN_GROUP}"):
        assert order.index(needed) < order.index(f"file:{layout.ACCOUNTS_POLICY}")


def test_its_sandbox_is_as_wide_as_useradd_needs():
    unit = from_elsewhere()[f"unit:{layout.unit(layout.ACCOUNTS_SERVICE)}"].content
    assert "\nInaccessiblePaths=-/root -/run/user\nReadWritePaths=/home\n" in unit
    assert "\nReadWritePaths=/etc\n" in unit
    assert "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE\n" in unit
