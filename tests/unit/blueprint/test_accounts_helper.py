"""The accounts helper: what it reads, and who may not."""

import json

from fakes.blueprint import wished
from hubinstall import layout
from hubinstall.accounts_helper.policy import Policy


def test_pam_follows_the_distribution():
    rules = [line for line in wished()[f"file:{layout.PAM_FILE}"].content.splitlines() if not line.startswith("#")]
    assert rules == [
        "@include common-auth",
        f"account [success=1 default=ignore] pam_succeed_if.so quiet user = {layout.PROBE_USER}",
        "account requisite pam_nologin.so",
        "@include common-account",
    ]


def test_it_is_told_whose_accounts_are_peoples_and_only_root_reads_its_key():
    resources = wished(settings={"users": {"uid_max": 200000}})
    file = resources[f"file:{layout.ACCOUNTS_POLICY}"]
    assert Policy.parse(file.content) == Policy(1000, 200000)
    assert file.desired()["mode"] == "0600"
    assert resources[f"secret:{layout.ACCOUNTS_KEY}"].readers == {layout.ACCOUNTS_KEY: "root"}
    assert json.loads(file.content).keys() == {"uid_min", "uid_max"}


def test_the_hubs_account_may_not_read_hashes():
    hub = wished()[f"account:{layout.HUB_USER}"]
    assert layout.PASSWORDS_GROUP in hub.never
    assert layout.PASSWORDS_GROUP not in hub.groups
