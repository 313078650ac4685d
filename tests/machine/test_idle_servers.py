"""Idle servers are stopped: a page that is only open keeps none, a kernel that computes and an exception do."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from harness import installed, loads
from harness.browser import chromium
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

TIMEOUT = 30
WAIT = 60_000
"""Milliseconds until a page shows what it must."""
SETTINGS = f"services.cull.timeout {TIMEOUT} services.cull.every 5"
SILENT = "import time\nend = time.monotonic() + 900\nwhile time.monotonic() < end: time.sleep(0.01)"
JOAN, JOANS_PASSWORD = "joan", "spacecraft-1961"
LISTS = ("api/kernels?", "api/sessions?", "api/terminals?")
"""What JupyterLab asks for every ten seconds while its page is visible."""
CULLER = "pgrep --full '[h]ubinstall.hubside.culler'"
"""Not the shell that says so."""


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    installed.add_person(installed_machine, JOAN, JOANS_PASSWORD)
    installed_machine.run(f"hubinstall config add-item services.cull.except_users {installed.ADMIN}")
    installed_machine.run(f"hubinstall config set {SETTINGS} --apply", timeout=600)
    return installed_machine


def with_server(machine: Machine, name: str, password: str) -> HubClient:
    client = installed.client(machine)
    client.login(name, password)
    client.start_server()
    return client


@pytest.fixture(scope="module")
def excepted(machine: Machine) -> Iterator[HubClient]:
    with with_server(machine, installed.ADMIN, installed.ADMIN_PASSWORD) as client:
        yield client


@pytest.fixture(scope="module")
def busy(machine: Machine) -> Iterator[HubClient]:
    """Somebody who has left a cell that prints nothing, and closed the page."""
    with with_server(machine, JOAN, JOANS_PASSWORD) as client:
        with client.kernel() as kernel, pytest.raises(HubError, match="did not finish"):
            kernel.execute(SILENT, timeout=3)
        yield client


@pytest.fixture(scope="module")
def page(machine: Machine) -> Iterator[Page]:
    with chromium([loads.trusting(machine)]) as browser:
        page = browser.new_page(base_url=f"https://{machine.address}")
        page.set_default_timeout(60_000)
        yield page


def test_a_forgotten_page_keeps_no_server_and_its_owner_is_asked_before(
    machine: Machine, excepted: HubClient, busy: HubClient, page: Page
) -> None:
    machine.run(f"kill $({CULLER})")  # JupyterHub starts it again
    page.goto("/")
    page.fill("input#username_input", installed.PERSON)
    page.fill("input#password_input", installed.PERSON_PASSWORD)
    page.click("input#login_submit")
    page.wait_for_url("**/user/grace/lab**", timeout=120_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.extend(part for part in LISTS if part in request.url))
    note = page.locator(".hubinstall-announcements")
    expect(note).to_contain_text("Nobody has used this server for a while: it stops at", timeout=WAIT)
    page.get_by_role("button", name="Keep it").click()
    expect(note).to_have_count(0, timeout=WAIT)
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)  # before: it stops fifteen seconds after the note
        expect(note).to_have_count(1, timeout=WAIT)
        assert "it stops in about" in grace.request("GET", "hub/home", step="page").text
        kept = time.monotonic()
        pressed = grace.fetch("POST", "hub/keep-server", step="keep", data={"server": ""})
        assert pressed.status_code == 200
        assert "it stops in about" not in pressed.text
        expect(note).to_have_count(0, timeout=WAIT)
        expect(note).to_have_count(1, timeout=WAIT)
        assert soon(lambda: is_stopped(grace, page))
    assert time.monotonic() - kept >= TIMEOUT
    assert set(asked) == set(LISTS), "it was not the page of somebody who has forgotten it"
    assert busy.server() is not None
    assert excepted.server() is not None


def is_stopped(client: HubClient, page: Page) -> bool:
    page.wait_for_timeout(500)  # and meanwhile it notes what the page asks for
    return client.server() is None


def test_nobody_says_of_somebody_elses_server_that_it_is_idle(busy: HubClient) -> None:
    said = {"server": "", "idle": 90000}
    answers = [busy.fetch("POST", f"hub/api/users/{who}/idle", step="idle", json=said) for who in ("ada", JOAN)]
    answers += [busy.fetch(method, "hub/api/idle", step="idle") for method in ("GET", "POST")]
    assert [answer.status_code for answer in answers] == [404, 200, 403, 403]


def test_status_says_that_they_are_looked_for(machine: Machine) -> None:
    assert "stopped after 30 s without use" in machine.run("hubinstall status", check=False).out
