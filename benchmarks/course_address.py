"""A student opens a course's address: seconds and clicks until the first cell's result.

    benchmarks/run course_address [--rounds 5] [--process-manager plain]

Method: each round is another student, in a headless Chromium without cache or cookies, whose server has never run. The
address /course/stats-101 is opened; name and password are typed into the login form, and its button is clicked; the
server starts; JupyterLab shows the material, in which the notebook is double-clicked; once its kernel is idle, the
first cell is run by the button above it. Seconds are from the address to the text of the result on the page. Clicks are
those of the mouse: a double one counts as two, and keys are not counted. A browser types at once, and people do not.
The first round, in which the machine loads what it loads lazily, is left out. Seconds are valid on a quiet machine.
"""

import json
import time
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from benchmarks import machines, noise, table
from harness import loads
from harness.browser import chromium
from harness.installed import PERSON
from harness.machine import Machine

COURSE = "stats-101"
PARTS = ("to the login", "to the material in JupyterLab", "to an idle kernel", "to the result")
RUN = "[data-command='notebook:run-cell-and-select-next']"
CELL: dict[str, object] = {
    "cell_type": "code",
    "source": "print(6 * 7)",
    "metadata": {},
    "outputs": [],
    "execution_count": None,
    "id": "a",
}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": [CELL]}


@dataclass
class Visit:
    """Of one student: the seconds of each part, and the clicks."""

    page: Page
    clicks: int = 0
    seconds: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def click(self, selector: str, *, twice: bool = False) -> None:
        place = self.page.locator(selector).first
        place.dblclick() if twice else place.click()
        self.clicks += 2 if twice else 1

    def reached(self, selector: str, text: str = "") -> None:
        """The end of a part: this is visible."""
        place = self.page.locator(selector)
        (place.filter(has_text=text) if text else place).first.wait_for()
        self.seconds.append(time.perf_counter() - self.began - sum(self.seconds))


def main() -> None:
    arguments = machines.arguments(__doc__, rounds=5)
    table.heading("A course's address, opened cold")
    with machines.installed_machine(arguments.process_manager) as machine:
        students = add_course(machine, arguments.rounds + 1)
        with chromium([loads.trusting(machine)]) as browser, noise.watched(machine):
            visits = [visit(browser, f"https://{machine.address}/course/{COURSE}", name) for name in students][1:]
    seconds = {part: [one.seconds[number] for one in visits] for number, part in enumerate(PARTS)}
    seconds["all in all"] = [sum(one.seconds) for one in visits]
    head = ("seconds", *(f"round {number + 1}" for number in range(len(visits))), "median")
    rows = [(part, *values, table.median(values)) for part, values in seconds.items()]
    table.show(f"{len(visits)} students", head, rows)
    print(f"\nClicks: {', '.join(map(str, sorted({one.clicks for one in visits})))}")


def add_course(machine: Machine, count: int) -> list[str]:
    """The names of its students."""
    names = [f"student{number}" for number in range(count)]
    lines = ["name;full name;email;group;password", *(f"{name};;;;{machines.PASSWORD}" for name in names)]
    machine.write("/root/class.csv", "\n".join([*lines, ""]).encode())
    machine.run(f"hubinstall course add {COURSE} --teacher {PERSON} --students /root/class.csv", timeout=600)
    machine.write("/root/first.ipynb", json.dumps(NOTEBOOK).encode())
    machine.run(f"install -m 0644 /root/first.ipynb /srv/data/{COURSE}/first.ipynb")
    return names


def visit(browser: Browser, address: str, name: str) -> Visit:
    context = browser.new_context()
    context.set_default_timeout(120_000)
    found = Visit(context.new_page())
    found.page.goto(address)
    found.reached("input#username_input")
    found.page.fill("input#username_input", name)
    found.page.fill("input#password_input", machines.PASSWORD)
    found.click("input#login_submit")
    found.reached(".jp-DirListing-item", "first.ipynb")
    found.click(".jp-DirListing-item >> text=first.ipynb", twice=True)
    found.reached("text=Python 3 (ipykernel) | Idle")
    found.click(RUN)
    found.reached(".jp-OutputArea-output", "42")
    context.close()
    return found


if __name__ == "__main__":
    main()
