"""What a person sees: login page and JupyterLab in a real browser, a cell run by hand."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from harness import installed, loads
from harness.browser import chromium
from harness.machine import Machine
from hubinstall import layout
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

PICTURES = os.environ.get("HUBINSTALL_TEST_PICTURES", "")
"""A folder where screenshots are kept for a look."""
LOOKS: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "light": (1200, "light"), "dark": (1200, "dark"), "phone": (390, "light"), "phone-dark": (390, "dark")
}  # fmt: skip
"""How a page is looked at: width in pixels, and what the browser prefers."""
HASHED = re.compile(r"/(static/lab|lab/extensions)/[^?]*[.-][0-9a-f]{16,64}\.(js|css|woff2)(\?|$)")


@pytest.fixture(scope="module")
def browser(installed_machine: Machine) -> Iterator[Browser]:
    """One that was told to trust the self-signed certificate, as a person tells it once."""
    with chromium([loads.trusting(installed_machine)]) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, installed_machine: Machine) -> Page:
    page = browser.new_page(base_url=f"https://{installed_machine.address}")
    page.set_default_timeout(60_000)
    return page


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_a_person_logs_in_and_runs_a_cell_in_the_browser(page: Page) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/")
    expect(page.locator("input#username_input")).to_be_visible()
    keep(page, "login")
    page.fill("input#username_input", installed.PERSON)
    page.fill("input#password_input", installed.PERSON_PASSWORD)
    page.click("input#login_submit")
    page.wait_for_url("**/user/grace/lab**", timeout=120_000)
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    # As a person does: JupyterLab drops what is run before the kernel is there.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    cell = page.locator(".jp-CodeCell .cm-content").first
    cell.click()
    page.keyboard.type("sum(range(1000))")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_have_text("499500")
    expect(page.get_by_text("/ 2048.00 MB")).to_be_visible()  # the memory that is used, beside the limit
    keep(page, "lab")
    assert complaints == []


def test_what_draws_a_figure_is_loaded_with_the_first_one(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "plotly/static/0." in request.url else None)
    page.goto("/user/grace/lab?reset")
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    assert loaded == []
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.type("import plotly.express as px; px.line(y=[1, 3, 2])")
    page.keyboard.press("Shift+Enter")
    line = page.locator(".jp-OutputArea-output .js-plotly-plot .scatterlayer path.js-line")
    expect(line).to_be_visible()
    assert len(loaded) == 1
    keep(page, "figure")


def test_nothing_is_asked_of_the_outside(page: Page, installed_machine: Machine) -> None:
    """A page that loads fonts or scripts from elsewhere tells others who studies here, and breaks without a network."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/user/grace/lab")
    expect(page.locator("#jp-MainLogo, .jp-LauncherCard").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    outside = [u for u in asked if u.startswith("http") and f"//{installed_machine.address}/" not in u]
    assert outside == []


def test_who_is_in_jupyterlab_sees_what_is_announced(page: Page, installed_machine: Machine) -> None:
    """As text, until it is closed, and without a reload; the extension asks again when its page is looked at again."""
    note = page.locator(".hubinstall-announcements")
    installed_machine.run("hubinstall announce '<i>Exam</i> at 10'")
    page.goto("/user/grace/lab")
    expect(note).to_contain_text("<i>Exam</i> at 10")
    keep(page, "announcement")
    note.get_by_role("button", name="Close").click()
    page.reload()
    expect(page.locator("#jp-MainLogo")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(note).to_have_count(0)
    installed_machine.run("hubinstall announce 'Exam at 11'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(note).to_contain_text("Exam at 11")
    installed_machine.run("hubinstall announce --clear")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(note).to_have_count(0)


def test_who_uses_more_memory_than_the_limit_is_told_so(page: Page, installed_machine: Machine) -> None:
    """The kernel is ended, not the server, and JupyterLab says why, beside "appears to have died"."""
    server = ["docker", "inspect", "--format", "{{.State.StartedAt}}", installed.container(installed.PERSON)]
    started = installed_machine.run(server).out
    page.goto("/user/grace/lab?reset")
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.type("kept = [b'x' * (1 << 28) for _ in range(64)]")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("appears to have died")).to_be_visible()
    note = page.locator(".hubinstall-announcements")
    expect(note).to_contain_text("it used more than this server's 2 GB of memory")
    keep(page, "memory")
    note.get_by_role("button", name="Close").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Ok", exact=True).click()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    assert installed_machine.run(server).out == started


def test_a_first_load_costs_a_quarter_of_what_the_server_sends_and_a_later_one_next_to_nothing(
    browser: Browser, installed_machine: Machine
) -> None:
    """Jupyter's own server compresses nothing: what came, unpacked, is what it would have sent."""
    installed.add_person(installed_machine, "joan", "spacecraft-1961")
    with HubClient(f"https://{installed_machine.address}/", verify=False) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
    context = browser.new_context(base_url=f"https://{installed_machine.address}")
    loads.log_in(context, "joan", "spacecraft-1961")
    cold, warm = (loads.open_lab(context, "joan") for _ in range(2))
    context.close()
    assert cold.unpacked > 4_000_000, "JupyterLab was not loaded"
    assert cold.bytes <= 0.25 * cold.unpacked
    assert warm.bytes <= 100_000
    hashed = {url for url in cold.sent if HASHED.search(url)}
    assert len(hashed) > 20
    assert hashed - cold.kept_for_good == set(), "not from nginx"
    assert hashed & set(warm.sent) == set()


def test_a_full_home_says_what_is_big_and_is_emptied_in_the_file_browser(
    page: Page, installed_machine: Machine
) -> None:
    with installed.client(installed_machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.stop_server()
        installed_machine.run("mount -t tmpfs -o size=2m,mode=700,uid=$(id -u grace) tmpfs /home/grace")
        grace.start_server()
        page.goto("/user/grace/lab?reset")
        item = page.locator(".jp-DirListing-item", has_text="big.bin")
        grace.run_cell("open('big.bin', 'wb').write(bytes(3 << 20))")
        note = page.locator(".hubinstall-announcements")
        expect(note).to_contain_text("The biggest: big.bin (")
        expect(item).to_be_visible()
        keep(page, "full")
        item.click()
        page.keyboard.press("Delete")
        page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
        expect(item).to_have_count(0)
        expect(note).to_have_count(0)
        grace.stop_server()
        installed_machine.run("umount /home/grace")


def test_what_is_about_passwords_fits_a_phone(browser: Browser, installed_machine: Machine) -> None:
    """The pages, and the sheet that is printed; a folder of pictures shows them in the dark, too."""
    machine = installed_machine
    machine.run("hubinstall config set users.admin_access true --apply")  # who makes links for others
    machine.write("/root/class.csv", "name;full name\nhedy;Hedy Lamarr\nernestine.longest-name;Ernestine Longest\n")
    machine.run(["hubinstall", "user", "import", "/root/class.csv", "--invite"])
    link = machine.run(f"grep -o 'https://[^,;\"]*' {layout.PEOPLE_SHEETS}/*.csv").out.split()[0]
    sheet = machine.run(f"cat {layout.PEOPLE_SHEETS}/*.html").out
    for look, (width, scheme) in LOOKS.items():
        context = browser.new_context(
            base_url=f"https://{machine.address}", viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page = context.new_page()
        pages = {"first-password": link, "no-link": f"{link}x", "login": "/hub/login"}
        for name, address in pages.items():
            shown(page, address, f"{name}-{look}")
        page.set_content(sheet)
        fits(page, f"sheet-{look}")
        loads.log_in(context, installed.ADMIN, installed.ADMIN_PASSWORD)
        for name, address in {"own-password": "/hub/password", "reset-password": "/hub/reset-password"}.items():
            shown(page, address, f"{name}-{look}")
        page.fill("input#person", "ernestine.longest-name")
        page.fill("input#password", installed.ADMIN_PASSWORD)
        page.get_by_role("button", name="Make a link").click()
        expect(page.locator("#link")).to_be_visible()
        fits(page, f"link-{look}")
        context.close()


def shown(page: Page, address: str, name: str) -> None:
    page.goto(address)
    fits(page, name)


def fits(page: Page, name: str) -> None:
    """Nobody has to scroll sideways."""
    keep(page, name)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name


def test_a_wrong_password_is_said_on_the_page(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/hub/login")
    page.fill("input#username_input", installed.PERSON)
    page.fill("input#password_input", "wrong")
    page.click("input#login_submit")
    expect(page.locator(".login_error")).to_contain_text("Invalid username or password")
    keep(page, "wrong-password")
