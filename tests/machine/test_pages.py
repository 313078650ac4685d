"""The hub's own pages: what config.yaml says of them, and what is announced at once."""

import json

import pytest

from harness import installed
from harness.machine import Machine

pytestmark = pytest.mark.one_kind

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>\n'
SETTINGS = "hub.title 'Stats & more' hub.logo /usr/local/share/logo.svg hub.help https://example.org/help"


def page(machine: Machine, path: str) -> str:
    return machine.run(f"curl -sk '{installed.url(machine)}hub/{path}'").out


def test_pages_show_the_settings_and_what_is_announced(installed_machine: Machine) -> None:
    machine = installed_machine
    assert "the password of your account on this machine" in page(machine, "login")
    machine.write("/usr/local/share/logo.svg", LOGO)
    machine.run(f"hubinstall config set {SETTINGS} --apply")
    assert installed.plan(machine) == []
    login = page(machine, "login")
    assert "<title>Stats &amp; more</title>" in login
    assert 'href="https://example.org/help"' in login
    assert page(machine, "logo") == LOGO
    before = installed.starts(machine)
    machine.run("hubinstall announce '<b>Exam</b> at 10' --until 2h")
    assert "&lt;b&gt;Exam&lt;/b&gt; at 10" in page(machine, "login")
    assert json.loads(page(machine, "api/announcements")) == {"announcements": ["<b>Exam</b> at 10"]}
    machine.run("hubinstall announce --clear")
    assert "Exam" not in page(machine, "login")
    assert installed.starts(machine) == before
    refused = machine.run("hubinstall config set hub.logo /root/logo.svg --apply", check=False)
    assert refused.code == 78
    assert "the hub cannot read /root/logo.svg there; try a copy of it in /usr/local/share" in refused.err
