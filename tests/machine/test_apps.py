"""An environment with VS Code, three more languages, and two packages that compute with several processes: each is used
in a person's server, VS Code in a browser, also where servers have names of their own.
"""

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from harness import installed, loads
from harness.browser import chromium
from harness.machine import Machine

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

HUB = "https://hub.example.org"
PATIENCE = 120.0
"""Seconds until a file that a page writes has arrived."""
TOOLS = {
    "apps": ["vscode"],
    "kernels": ["r", "octave", "bash"],
    "python": ["ipyparallel", "dask[distributed]"],
}
CONFIG = {
    "environments": {"tools": TOOLS},
    "profiles": [{"display_name": "Tools", "environment": "tools"}],
}
PARALLEL = """
import ipyparallel
with ipyparallel.Cluster(n=2, log_level=40) as cluster:
    print(sum(cluster[:].map_sync(lambda x: x * x, range(10))))
"""
DASK = """
from dask.distributed import Client, LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
    print(sum(client.gather(client.map(lambda x: x * x, range(10)))))
"""


@pytest.fixture(scope="module")
def machine(installed_machine: Machine) -> Machine:
    machine = installed_machine
    words = [word for key, value in CONFIG.items() for word in (key, json.dumps(value))]
    machine.run(["hubinstall", "config", "set", *words, "--apply"], timeout=3600)
    assert installed.plan(machine) == []
    return machine


@pytest.fixture(scope="module")
def browser(machine: Machine) -> Iterator[Browser]:
    with chromium(loads.at_names_of_its_own(machine)) as browser:
        yield browser


def test_each_language_computes(machine: Machine) -> None:
    codes = {"octave": "disp(6*7)", "ir": "cat(6*7)", "bash": "echo $((6*7))"}
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        for name, code in codes.items():
            with grace.kernel(name) as kernel:
                assert kernel.execute(code).strip() == "42", name


def test_several_processes_compute_together(machine: Machine) -> None:
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell(PARALLEL).strip().endswith("285")
        assert grace.run_cell(DASK).strip().endswith("285")


def opened(browser: Browser, hub: str) -> Page:
    """VS Code, from its card in JupyterLab's launcher."""
    context = browser.new_context(base_url=hub)
    context.set_default_timeout(120_000)
    loads.log_in(context, installed.PERSON, installed.PERSON_PASSWORD)
    page = context.new_page()
    page.goto("/hub/spawn")
    page.wait_for_url("**/user/grace/lab**")
    with context.expect_page() as shown:
        page.locator(".jp-LauncherCard", has_text="VS Code").click()
    return shown.value


def written(machine: Machine, path: str, text: str) -> bool:
    """Wait until a file has a text."""
    end = time.monotonic() + PATIENCE
    while text not in machine.run(["cat", path], check=False).out:
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def works(machine: Machine, browser: Browser, hub: str, mark: str) -> str:
    """A file is edited and saved, a command is run; returns the page's address."""
    machine.run(["install", "-o", "grace", "-g", "grace", "/dev/null", f"/home/grace/{mark}.txt"])
    page = opened(browser, hub)
    page.locator(".explorer-viewlet .monaco-list-row", has_text=f"{mark}.txt").dblclick()
    editor = page.locator(".editor-instance .view-lines").first
    editor.click()
    page.keyboard.type(f"saved-{mark}")
    expect(editor).to_contain_text(f"saved-{mark}")
    page.keyboard.press("Control+s")
    assert written(machine, f"/home/grace/{mark}.txt", f"saved-{mark}")
    page.keyboard.press("Control+Backquote")
    expect(page.locator(".terminal .xterm-helper-textarea").first).to_be_focused()
    page.keyboard.type(f"echo $((6*7)) $(id -un) > {mark}-told.txt\n")
    assert written(machine, f"/home/grace/{mark}-told.txt", "42 grace")
    url = page.url
    page.context.close()
    return url


def test_vscode_edits_saves_and_runs_commands(machine: Machine, browser: Browser) -> None:
    hub = f"https://{machine.address}"
    assert works(machine, browser, hub, "plain").startswith(f"{hub}/user/grace/vscode/")


def test_nobody_else_reaches_it_and_it_has_no_port(machine: Machine) -> None:
    installed.add_person(machine, "joan", "spacecraft-1961")
    with installed.client(machine) as joan:
        page = f"user/{installed.PERSON}/vscode/healthz"
        assert joan.request("GET", page, step="page", follow_redirects=False).status_code == 302
        joan.login("joan", "spacecraft-1961")
        assert joan.request("GET", page, step="page").status_code == 403
    tables = machine.run(["docker", "exec", installed.container("grace"), "cat", "/proc/net/tcp", "/proc/net/tcp6"]).out
    ports = {int(port, 16) for port in re.findall(r": 0{8}(?:0{24})?:([0-9A-F]{4}) [0:]+ 0A ", tables)}
    assert ports == {8888}


def test_vscode_works_at_a_name_of_its_own(machine: Machine, browser: Browser) -> None:
    machine.run("hubinstall config set domain hub.example.org https.subdomains true && hubinstall apply --yes")
    assert works(machine, browser, HUB, "named").startswith("https://grace.hub.example.org/user/grace/vscode/")
