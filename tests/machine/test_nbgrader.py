"""A course with nbgrader, end to end: what is handed out, handed in and graded goes between accounts of their own."""

from collections.abc import Iterator

import pytest

from harness import installed
from harness.cells import TRIED
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

CLASS = "name;full name;email;group;password\nemmy;;;;noether-1918\nsofja;;;;partial-1874\n"
STUDENTS = {"emmy": "noether-1918", "sofja": "partial-1874"}
LONG = 600
ASSIGNMENT = """
import os, nbformat
def cell(text, **what):
    return nbformat.v4.new_code_cell(text, metadata={"nbgrader": {"schema_version": 3, "task": False, **what}})
kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
os.makedirs("algebra-grading/source/ps1")
nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=[
    cell("def double(x):\\n    ### BEGIN SOLUTION\\n    return 2 * x\\n    ### END SOLUTION",
         grade_id="double", solution=True, grade=False, locked=False),
    cell("assert double(21) == 42", grade_id="test", solution=False, grade=True, locked=True, points=3),
]), "algebra-grading/source/ps1/p1.ipynb")
"""
SOLVED = (
    "sed -i 's/# YOUR CODE HERE/return 2 * x/; s/raise NotImplementedError()/pass/' algebra-assignments/ps1/p1.ipynb"
)


@pytest.fixture(scope="module")
def course(installed_machine: Machine) -> Machine:
    machine = installed_machine
    machine.write("/root/class.csv", CLASS.encode())
    added = machine.run(
        "cd /root && hubinstall course add algebra --teacher grace --students class.csv --nbgrader", timeout=LONG
    )
    assert "nbgrader is added to the environment nbgrader first" in added.err
    assert "algebra is there, with 2 students" in added.err
    assert "courses:\n  algebra: {teachers: [grace], nbgrader: true}\n" in machine.read(installed.CONFIG)
    assert installed.plan(machine) == []
    return machine


@pytest.fixture(scope="module")
def grace(course: Machine) -> Iterator[HubClient]:
    with installed.client(course) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        yield client


@pytest.fixture(scope="module")
def class_(course: Machine) -> Iterator[dict[str, HubClient]]:
    with installed.client(course) as emmy, installed.client(course) as sofja:
        clients = {"emmy": emmy, "sofja": sofja}
        for name, client in clients.items():
            client.login(name, STUDENTS[name])
            client.start_server()
        yield clients


def shell(client: HubClient, *commands: str) -> str:
    """Run commands in a person's server; all must succeed."""
    run = f"subprocess.run({' && '.join(commands)!r}, shell=True, text=True, stdout=-1, stderr=-2)"
    said = client.run_cell(
        f"import subprocess\ndone = {run}\nprint(done.stdout, 'exit code', done.returncode)", timeout=LONG
    )
    assert said.rstrip().endswith("exit code 0"), said
    return said


def test_from_the_release_to_the_feedback(course: Machine, grace: HubClient, class_: dict[str, HubClient]) -> None:
    """Two are graded by code that only one of them has solved; each reads what is about the own work, and no more."""
    assert grace.run_cell(ASSIGNMENT) == ""
    shell(grace, "nbgrader generate_assignment ps1", "nbgrader release_assignment ps1")
    for name, client in class_.items():
        shell(client, "nbgrader fetch_assignment ps1", SOLVED if name == "emmy" else "true", "nbgrader submit ps1")
    collected = shell(grace, "nbgrader collect ps1")
    assert "cheating attempt" not in collected
    shell(grace, "nbgrader autograde ps1", "nbgrader generate_feedback ps1", "nbgrader release_feedback ps1")
    grades = shell(grace, "nbgrader export --to /tmp/grades.csv", "cut -d, -f4,10 /tmp/grades.csv")
    assert {"emmy,3.0", "sofja,0.0"} <= set(grades.split())
    for client in class_.values():
        shell(client, "nbgrader fetch_feedback ps1", "test -s algebra-assignments/ps1/feedback/*/p1.html")
    assert installed.plan(course) == []


def test_nobody_reads_anothers_work(course: Machine, grace: HubClient, class_: dict[str, HubClient]) -> None:
    exchange, grading = "/srv/data/algebra-exchange", "/srv/data/algebra-grading"
    here = f"{exchange}/algebra"
    closed = [f"os.listdir('{path}')" for path in (exchange, f"{here}/inbound", f"{here}/feedback", grading)]
    closed += [f"open('{path}/x', 'w')" for path in (exchange, here, f"{here}/outbound", grading)]
    tries = "print(*(tried(lambda: eval(act)) for act in {}), sep='\\n')"
    refused = class_["sofja"].run_cell(TRIED + tries.format(closed)).splitlines()
    assert len(refused) == len(closed)
    assert set(refused) <= {"Permission denied", "Read-only file system"}, dict(zip(closed, refused, strict=True))
    [sent] = [name for name in course.run(f"ls {here}/inbound").out.splitlines() if name.startswith("emmy+")]
    assert grace.run_cell(f"print(len(os.listdir('{here}/inbound/{sent}')))".join(["import os\n", ""])) == "3\n"
    outsider = f"setpriv --reuid=ada --regid=ada --init-groups -- ls '{here}/inbound/{sent}'"
    assert "Permission denied" in course.run(outsider, check=False).err


def test_who_teaches_grades_and_is_no_administrator(grace: HubClient, class_: dict[str, HubClient]) -> None:
    page = "user/{}/formgrader"
    shown = grace.request("GET", page.format("grace"), step="page")
    assert (shown.status_code, "formgrader" in shown.text) == (200, True)
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    other = class_["emmy"].request("GET", page.format("emmy"), step="page")
    assert other.status_code == 404
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
    assert grace.api("GET", "user")["admin"] is False
    assert grace.run_cell("import os; print(os.getuid() == 0)") == "False\n"
