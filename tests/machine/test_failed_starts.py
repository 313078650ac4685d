"""A server that does not start says why, to the person who waits: on the spawn page and through the API."""

import html
from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

DROPIN = "/etc/hubinstall/jupyterhub_config.d/broken.py"
LAST_WORDS = "<b>no licence</b> for this course"


@pytest.fixture
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    with installed.client(installed_machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        yield client


def words(error: pytest.ExceptionInfo[HubError], client: HubClient) -> tuple[str, str]:
    """What the client was told, and the page that a browser shows after the failed start."""
    page = client.request("GET", f"hub/spawn-pending/{client.user}", step="page")
    assert page.status_code == 500
    return str(error.value), page.text


def test_a_home_that_is_gone(installed_machine: Machine, grace: HubClient) -> None:
    installed_machine.run("mv /home/grace /home/grace.away")
    with pytest.raises(HubError) as error:
        grace.start_server()
    installed_machine.run("test ! -e /home/grace && mv /home/grace.away /home/grace")
    said, page = words(error, grace)
    assert "Your home directory /home/grace does not exist." in said
    assert "Your home directory /home/grace does not exist." in html.unescape(page)
    grace.start_server()
    grace.stop_server()


def test_a_container_that_ends_while_it_starts(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.write(DROPIN, f'c.DockerSpawner.cmd = ["sh", "-c", "echo \'{LAST_WORDS}\'; exit 3"]\n')
    # What apply itself then finds out by logging in is the subject of other tests.
    machine.run("hubinstall restart jupyterhub")
    installed.wait_for_login_page(machine)
    with pytest.raises(HubError) as error:
        grace.start_server()
    said, page = words(error, grace)
    assert "Your server exited while it was starting (exit code 3)" in said
    assert LAST_WORDS in said
    assert html.escape(LAST_WORDS) in page
    assert LAST_WORDS not in page, "a container's words must not become markup"
    assert machine.run("docker ps --all --quiet --filter name=jupyter-grace").out == ""
    of_grace = "hubinstall logs --person grace"
    said_of_her = ("User logged in: grace", "Not starting grace's server", LAST_WORDS)
    assert soon(lambda: all(line in machine.run(of_grace).out for line in said_of_her))
    assert "200 GET /hub/" not in machine.run(of_grace).out
    assert LAST_WORDS in machine.run("hubinstall logs jupyterhub --since 10min").out
    machine.run(["rm", DROPIN])
    machine.run("hubinstall apply")
    told = machine.run("hubinstall logs").out
    assert "run: hubinstall apply" in told
    assert "service:jupyterhub" in told
    assert "Z $ " not in told
    grace.start_server()
    assert grace.run_cell("print('well again')") == "well again\n"
