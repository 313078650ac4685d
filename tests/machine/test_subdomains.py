"""A page of a person's server, opened by an administrator: what it can do on the hub's origin, and that it can do none
of it when servers have names of their own (`https.subdomains`).
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from harness import installed, loads
from harness.browser import chromium
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

HUB, SERVER = "https://hub.example.org", "https://grace.hub.example.org"
LESSON = "/user/grace/static/lesson.html"
SETTINGS = """
c.ServerApp.extra_static_paths = ["/home/grace/lesson"]
c.ServerApp.tornado_settings = {"headers": {"Service-Worker-Allowed": "/", "Content-Security-Policy": ""}}
"""
# What the page tries. Each answers with a text that begins with "did" if it worked.
READS_A_PAGE = """fetch("%s/hub/home", {credentials: "include"}).then((answer) => answer.text())
    .then((text) => text.includes("ada") ? "did read" : text, String)"""
READS_A_WINDOW = """new Promise((done) => {
    const seen = open("%s/hub/token"), until = Date.now() + 60000;
    const look = setInterval(() => {
        let found = "";
        try { found = seen.document.querySelector("#token-note") ? "did see the form" : ""; }
        catch (error) { found = `${error}`; }
        if (!found && Date.now() < until) return;
        clearInterval(look);
        done(found || "no form");
    }, 100);
})"""
TAKES_A_WORKER = """navigator.serviceWorker.register("worker.js", {scope: "/"}).then(() => "did register", String)"""
SETS_COOKIES = """["__Host-jupyterhub-hub-login", "_xsrf", "jupyterhub-session-id"].map((name) => {
    document.cookie = `${name}=evil; Path=/hub/; Domain=hub.example.org; Secure`;
    document.cookie = `${name}=evil; Path=/; Domain=hub.example.org; Secure`;
})"""


@pytest.fixture(scope="module")
def named(installed_machine: Machine) -> Machine:
    machine = installed_machine
    machine.write("/root/settings.py", SETTINGS)
    machine.run("install -D -o grace -g grace /root/settings.py /home/grace/.jupyter/jupyter_server_config.py")
    machine.write("/home/grace/lesson/lesson.html", "<!DOCTYPE html><title>lesson</title>")
    machine.write("/home/grace/lesson/worker.js", "self.addEventListener('fetch', () => {});")
    machine.run("chown -R grace: /home/grace/lesson")
    machine.run("hubinstall apply --domain hub.example.org")
    return machine


@pytest.fixture(scope="module")
def browser(named: Machine) -> Iterator[Browser]:
    with chromium(loads.at_names_of_its_own(named)) as browser:
        yield browser


def hub(machine: Machine, *, subdomains: bool) -> HubClient:
    return HubClient(f"{HUB}/", address=machine.address, verify=False, subdomains=subdomains)


def logged_in(browser: Browser, name: str, password: str) -> Page:
    context = browser.new_context(base_url=HUB)
    context.set_default_timeout(60_000)
    loads.log_in(context, name, password)
    return context.new_page()


def lesson(browser: Browser, name: str) -> Page:
    """The page of grace's server, in the browser of an administrator who is logged in."""
    page = logged_in(browser, installed.ADMIN, installed.ADMIN_PASSWORD)
    page.goto(f"{name}{LESSON}")
    expect(page).to_have_title("lesson")
    return page


def test_without_names_of_their_own_the_page_reads_what_the_administrator_sees(
    named: Machine, browser: Browser
) -> None:
    with hub(named, subdomains=False) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        page = lesson(browser, HUB)
        assert page.evaluate(READS_A_PAGE % HUB) == "did read"
        assert page.evaluate(READS_A_WINDOW % HUB) == "did see the form"
        assert "SecurityError" in page.evaluate(TAKES_A_WORKER), "the fence of headers holds"
        page.context.close()


def test_the_change_is_refused_while_servers_run(named: Machine) -> None:
    refused = named.run("hubinstall config set https.subdomains true --apply", check=False)
    assert refused.code
    assert "cannot change from false while servers run" in refused.err


def test_with_names_of_their_own_it_reads_nothing(named: Machine, browser: Browser) -> None:
    """`verify`, a part of apply, logs in there, starts a server and runs a cell over its websocket."""
    named.run("hubinstall config set courses.stats-101 '{teachers: [grace]}'")
    named.run("hubinstall config set https.subdomains true && hubinstall apply --yes")
    with hub(named, subdomains=True) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.home_url() == f"{SERVER}/user/grace/"
        assert grace.run_cell("print(6 * 7)") == "42\n"
    page = lesson(browser, SERVER)
    assert "Failed to fetch" in page.evaluate(READS_A_PAGE % HUB)
    assert "Failed to fetch" in page.evaluate(READS_A_PAGE % SERVER), "the hub is at its own name only"
    assert "SecurityError" in page.evaluate(READS_A_WINDOW % HUB)
    assert "SecurityError" in page.evaluate(TAKES_A_WORKER)
    page.goto(f"{SERVER}/hub/login")
    assert page.url.startswith(f"{HUB}/hub/")
    page.context.close()


def test_cookies_that_it_sets_for_the_hub_lead_nowhere(named: Machine, browser: Browser) -> None:
    """They may spoil a form, until they are deleted; they are nobody's session."""
    assert named.address
    page = lesson(browser, SERVER)
    page.evaluate(SETS_COOKIES)
    told = {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies() if cookie["value"] == "evil"}
    assert ("__Host-jupyterhub-hub-login", ".hub.example.org") not in told
    page.goto(f"{HUB}/hub/home")
    expect(page.locator("body")).to_contain_text("ada")
    page.context.close()


def test_a_person_works_in_jupyterlab_at_a_name_of_their_own(named: Machine, browser: Browser) -> None:
    named.run("hubinstall announce 'Exam at 10'")
    page = logged_in(browser, installed.PERSON, installed.PERSON_PASSWORD)
    page.goto("/")
    page.wait_for_url(f"{SERVER}/user/grace/lab**")
    expect(page.locator(".hubinstall-announcements")).to_contain_text("Exam at 10", timeout=60_000)
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    page.context.close()


def test_a_course_is_opened_at_the_hubs_name_and_leads_to_ones_own(named: Machine, browser: Browser) -> None:
    page = logged_in(browser, installed.PERSON, installed.PERSON_PASSWORD)
    page.goto(f"{HUB}/course/stats-101")
    page.wait_for_url(f"{SERVER}/user/grace/lab/tree/stats-101**")
    page.locator(".hubinstall-courses").get_by_role("button", name="Collect").click()
    dialog = page.locator(".jp-Dialog").last
    dialog.get_by_role("button", name="Collect").click()
    expect(dialog).to_contain_text("Nobody has handed in.")
    page.context.close()
