"""Machines as fixtures. Each test file of the suite runs once per process manager."""

import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest

from harness import (
    addresses,
    aftermath,
    checkout,
    checks,
    installed,
    kinds,
    last_release,
    moved,
    numbers,
    pages,
    room,
    sametree,
    snapshots,
    store,
)
from harness.faults import Place
from harness.machine import Machine, Snapshot
from harness.nspawn import ProcessManager
from harness.snapshots import Build, SnapshotOf
from harness.store import StoreError
from hubinstall.verify.client.hub import HubClient


@pytest.fixture(scope="session", autouse=True)
def _able() -> None:
    try:
        store.home()
    except StoreError as error:
        pytest.exit(str(error), returncode=1)


def pytest_assertion_pass(item: pytest.Item, lineno: int, orig: str, expl: str) -> None:
    checks.count(item.path, lineno)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in numbers.kept():
        terminalreporter.write_line(line.rstrip())
    for line in (*pages.told(), *moved.told(), *checks.told()):
        terminalreporter.write_line(line)
    if left := room.least():
        terminalreporter.write_line(f"free when it was least: {left}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and report.failed:
        report.sections += aftermath.sections(item.funcargs.values())
    return report


@pytest.fixture(scope="module", params=list(ProcessManager), ids=str)
def process_manager(request: pytest.FixtureRequest) -> ProcessManager:
    chosen: ProcessManager = request.param
    return chosen


@pytest.fixture(scope="module")
def boot(request: pytest.FixtureRequest) -> Iterator[Callable[[Machine], Machine]]:
    """Boots machines that live until the end of the test file, and stay for a look if one of its tests failed."""
    booted: list[Machine] = []
    failed_before = request.session.testsfailed
    with ExitStack() as stack:

        def enter(machine: Machine) -> Machine:
            booted.append(stack.enter_context(machine))
            return machine

        yield enter
        if request.session.testsfailed > failed_before:
            for machine in booted:
                machine.keep()


@pytest.fixture(scope="module")
def machine(boot: Callable[[Machine], Machine], process_manager: ProcessManager) -> Machine:
    """A fresh machine: Debian and nothing else."""
    return boot(kinds.new(process_manager))


@pytest.fixture(scope="session")
def made(request: pytest.FixtureRequest) -> Iterator[dict[str, Snapshot]]:
    """What was made so far. With --snapshot-cache it lies beside the checkout's digest and outlives the run."""
    kept: dict[str, Snapshot] = {}
    yield kept
    if not request.config.getoption("--snapshot-cache"):
        for snapshot in kept.values():
            store.remove(snapshot.root)


@pytest.fixture(scope="session")
def failed_builds() -> set[str]:
    """What could not be made is not tried again for each file that wants it."""
    return set()


@pytest.fixture(scope="module")
def snapshot_of(
    request: pytest.FixtureRequest,
    made: dict[str, Snapshot],
    failed_builds: set[str],
    process_manager: ProcessManager,
) -> SnapshotOf:
    """`snapshot_of("installed", build)`: the machine that `build` makes of a fresh one, made once per run."""
    cached: bool = request.config.getoption("--snapshot-cache")

    def find(what: str, build: Build, made_from: str = "") -> Snapshot:
        name = what if addresses.name() == "root" else f"{what}-{addresses.name()}"
        key = snapshots.key(name, process_manager, made_from)
        if cached and (earlier := snapshots.earlier(name, process_manager, made_from)):
            made.setdefault(key, earlier)
        if key in failed_builds:
            pytest.fail(f"the machine {name!r} could not be made, see the first test that wanted it", pytrace=False)
        if key not in made:
            failed_builds.add(key)
            if cached:
                snapshots.remove_outdated(name, process_manager)
            made[key] = snapshots.make(name, process_manager, build, made_from)
            failed_builds.remove(key)
        return made[key]

    return find


@pytest.fixture(scope="module")
def installed_machine(
    boot: Callable[[Machine], Machine], snapshot_of: SnapshotOf, process_manager: ProcessManager
) -> Machine:
    """A machine that the README's command has set up, with the administrator ada and the person grace."""
    if kinds.keeps_no_snapshots():
        machine = boot(kinds.new(process_manager))
        installed.build_installed(machine)
    else:
        snapshot = snapshot_of("installed", installed.build_installed)
        machine = boot(kinds.new(process_manager, snapshot=snapshot))
    installed.cold_start(machine)
    return machine


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    """The person, with a server whose page is open."""
    with installed.client(installed_machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        client.open_server()
        yield client


@pytest.fixture(scope="module")
def place(installed_machine: Machine) -> Iterator[Place]:
    """The installed machine, with grace's server and kernel running in it."""
    with installed.client(installed_machine) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        with grace.kernel() as kernel:
            kernel.execute("kept = 6 * 7")
            yield Place(installed_machine, grace, kernel, itertools.count(3000))


@pytest.fixture(scope="module")
def clean(snapshot_of: SnapshotOf) -> sametree.Tree:
    """Every path of a machine that an undisturbed install has made, with one person."""
    with Machine.from_snapshot(snapshot_of("installed", installed.build_installed)) as machine:
        installed.cold_start(machine)
        print(sametree.uncompared())
        return sametree.tree(machine)


@pytest.fixture(scope="module")
def released(boot: Callable[[Machine], Machine], snapshot_of: SnapshotOf) -> Machine:
    """A machine that the last release has set up, and that is as it wants it."""
    if not checkout.has_history():
        pytest.skip("the last release is taken from git's history, and this is no clone")
    commit = last_release.commit()
    machine = boot(Machine.from_snapshot(snapshot_of("last-release", last_release.build_installed, commit)))
    installed.cold_start(machine)
    machine.run(["hubinstall", "apply"])  # it may have got another address than the snapshot's
    assert installed.plan(machine) == []
    return machine
