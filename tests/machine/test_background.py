"""Long work in the background: the server stays while it runs, with every page closed, and its result is there then."""

import json

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

IDLE, WORK = 30, 75
"""Seconds until an idle server is stopped, and that the notebook takes."""
SOURCE = f"import time; end = time.monotonic() + {WORK}\nwhile time.monotonic() < end: time.sleep(1)\nprint(6 * 7)"
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": SOURCE}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip
KEPT = "find /home/grace/.local/share/jupyter/scheduler_staging_area -name 'long-*.ipynb'"


def test_a_job_goes_on_when_everything_is_closed_and_its_server_stops_after_it(installed_machine: Machine) -> None:
    machine = installed_machine
    machine.run("hubinstall environment add jupyter-scheduler", timeout=900)
    machine.run(f"hubinstall config set services.cull.timeout {IDLE} services.cull.every 5 --apply", timeout=600)
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        server = "user/grace"
        body = {"type": "notebook", "content": NOTEBOOK}
        grace.fetch("PUT", f"{server}/api/contents/long.ipynb", step="save", json=body).raise_for_status()
        [place, *_] = grace.fetch("GET", f"{server}/scheduler/runtime_environments", step="list").json()
        wanted = {"name": "long", "input_uri": "long.ipynb", "runtime_environment_name": place["name"]}
        made = grace.fetch("POST", f"{server}/scheduler/jobs", step="job", json={**wanted, "output_formats": ["ipynb"]})
        made.raise_for_status()
        job = f"{server}/scheduler/jobs/{made.json()['job_id']}"
        grace.logout()
    running = f"docker ps --quiet --filter name=^{installed.container(installed.PERSON)}$"
    assert soon(lambda: "42" in results(machine) or not machine.run(running).out)
    assert "42" in results(machine), "the server was stopped while the job ran"
    assert soon(lambda: not machine.run(running).out), "nobody looks for idle servers"
    assert "42" in results(machine)
    with installed.client(machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        assert grace.fetch("GET", job, step="job").json()["status"] == "COMPLETED"


def results(machine: Machine) -> str:
    """What the kept copies have printed; nothing while one is being written."""
    found = []
    for path in machine.run(KEPT, check=False).out.split():
        try:
            cells = json.loads(machine.read(path))["cells"]
        except json.JSONDecodeError:
            continue
        found += ["".join(output.get("text", "")) for cell in cells for output in cell["outputs"]]
    return "".join(found)
