"""Takes the README's pictures: the login page, the page while a server starts, and JupyterLab with a plot.

    tests/run prepare
    apt-get install pngquant
    PYTHONPATH=tests:. .venv/bin/python docs/pictures/take.py [FOLDER]

As root on Debian 12, like the benchmarks, on a machine that the harness boots from their snapshot of an installed hub.
FOLDER: where the pictures go; without it, beside this file. A start is over before one has seen its page: the person's
container is paused for as long as the picture takes.
"""

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import machines
from playwright.sync_api import Page, ViewportSize, expect

from harness import installed, loads
from harness.browser import chromium
from harness.commands import execute
from harness.installed import PERSON
from harness.machine import Machine

SIZE = ViewportSize(width=1200, height=800)
SHRINK = ("pngquant", "--force", "--ext=.png", "--quality=85-100", "--speed=1", "--strip")
NOTEBOOK = "pendulum.ipynb"
TITLE = "# A pendulum that comes to rest"
CODE = """\
import matplotlib.pyplot as plt
import numpy as np

t = np.linspace(0, 20, 1000)
fig, ax = plt.subplots(figsize=(7, 3.4))
for damping in (0.05, 0.15, 0.4):
    ax.plot(t, np.exp(-damping * t) * np.cos(2 * t), label=f"damping {damping}")
ax.set(xlabel="time in s", ylabel="angle in rad")
ax.legend();"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, default=Path(__file__).parent)
    folder: Path = parser.parse_args().folder.resolve()
    if not shutil.which(SHRINK[0]):
        sys.exit(f"{SHRINK[0]} is missing: apt-get install {SHRINK[0]}")
    with machines.installed_machine() as machine, chromium([loads.trusting(machine)]) as browser:
        bring_notebook(machine)
        page = browser.new_page(base_url=installed.url(machine), viewport=SIZE, color_scheme="light")
        page.set_default_timeout(120_000)
        expect.set_options(timeout=120_000)
        page.goto(f"/hub/spawn?next=/user/{PERSON}/lab/tree/{NOTEBOOK}")
        show_login(page)
        keep(page, folder / "login.png")
        with paused_server(machine):
            page.click("input#login_submit")
            show_waiting(page)
            keep(page, folder / "waiting.png")
        show_notebook(page)
        keep(page, folder / "jupyterlab.png")


def bring_notebook(machine: Machine) -> None:
    """Into the person's home, its cell not yet run."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": TITLE},
        {"cell_type": "code", "id": "plot", "metadata": {}, "source": CODE, "outputs": [], "execution_count": None},
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path = f"/home/{PERSON}/{NOTEBOOK}"
    machine.write(path, json.dumps(notebook))
    machine.run(["chown", f"{PERSON}:", path])


@contextlib.contextmanager
def paused_server(machine: Machine) -> Iterator[None]:
    """The server that is asked for within the block starts only after it."""
    name = installed.container(PERSON)
    with machine.background(f"until docker pause {name} 2>/dev/null; do sleep 0.02; done"):
        yield
    machine.run(["docker", "unpause", name])


def show_login(page: Page) -> None:
    page.fill("input#username_input", PERSON)
    page.fill("input#password_input", machines.PASSWORD)


def show_waiting(page: Page) -> None:
    page.wait_for_url("**/hub/spawn-pending/**")
    expect(page.locator("#progress-message")).not_to_be_empty()
    page.wait_for_timeout(1500)  # the bar grows to its place


def show_notebook(page: Page) -> None:
    # JupyterLab drops what is run before the kernel is there.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeCell .cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-CodeCell .jp-OutputArea-output img")).to_be_visible()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saving completed")).to_be_visible()
    expect(page.get_by_text("Saving completed")).to_be_hidden()


def keep(page: Page, path: Path) -> None:
    page.screenshot(path=path)
    execute([*SHRINK, str(path)])


if __name__ == "__main__":
    main()
