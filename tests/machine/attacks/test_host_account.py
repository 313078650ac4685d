"""Somebody with an account of the machine itself, such as a login by ssh."""

import pytest

from harness import installed
from harness.machine import Machine

pytestmark = pytest.mark.one_kind

HUB = "http://10.99.0.1:8081/hub/login"
ASK = "curl -s -m 10 -o /dev/null -w '%{{http_code}}' -H 'X-Forwarded-For: {address}' {url}"


def test_it_cannot_speak_to_the_hub_as_the_proxy(installed_machine: Machine) -> None:
    """And so cannot say that it is at the lecturer's address."""
    asked = ASK.format(address="203.0.113.9", url=HUB)
    as_eve = ["runuser", "-u", installed.PERSON, "--", "sh", "-c", asked]
    assert installed_machine.run(as_eve, check=False).out == "000"
    assert installed_machine.run(asked).out == "200", "root's checks go on"
    proxy = ["runuser", "-u", "jupyterhub-proxy", "--", "sh", "-c", asked]
    assert installed_machine.run(proxy).out == "200"
    assert installed_machine.run(f"curl -sk -o /dev/null -w '%{{http_code}}' https://localhost{HUB[-10:]}").out == "200"
