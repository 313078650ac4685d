"""The options of a test run: which machines, which caches, and how many tests must have run at least."""

import pytest

import drawn
import one_kind
from harness import addresses, kinds, store

# Increase it with every new machine test (counted for one kind of machine). A run of the whole suite with fewer tests
# has silently skipped something, and fails.
KNOWN_MACHINE_TESTS = 476
LEFT_TO_THE_OTHER_KIND = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hubinstall")
    group.addoption("--machine", default="nspawn", help=f"what the machine suite runs on: {', '.join(kinds.KINDS)}")
    group.addoption("--address", choices=tuple(addresses.ADDRESSES), default="root", help="where hubs are reached")
    group.addoption("--process-manager", choices=("systemd", "plain"), help="machines of this kind only")
    group.addoption("--snapshot-cache", action="store_true", help="start from machines installed by an earlier run")
    group.addoption("--whole", action="store_true", help="fail if fewer machine tests ran than are known")


def pytest_configure(config: pytest.Config) -> None:
    addresses.choose(config.getoption("--address"))
    config.addinivalue_line("markers", "one_kind: a whole run tries it on one kind of machine, drawn (one_kind.py)")
    config.addinivalue_line("markers", "in_turns: a slow file, at one commit in two in a whole run (one_kind.py)")
    config.addinivalue_line("markers", "with_a_certificate: needs a hub that speaks TLS itself")
    config.addinivalue_line("markers", "any_machine: for machines of every kind, also virtual and borrowed ones")
    config.addinivalue_line("markers", "own_kernel: about the distribution's kernel; nspawn's machines have the host's")
    try:
        kinds.choose(config.getoption("--machine"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --process-manager, keep only machines of that kind; with --address, only the core suite; with --machine,
    only what that kind of machine can show; with --whole, run each file that is for one kind on that kind at its turn,
    and not the core tests for any machine, which repeat what other files show on nspawn's machines.
    """
    chosen = config.getoption("--process-manager")
    every = list(items)
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        given = getattr(item, "callspec", None)
        kind = given.params.get("process_manager") if given else None
        unwanted = kind and (kind not in kinds.process_managers() or str(kind) != (chosen or kind))
        (left if unwanted or _elsewhere(item) or _repeats(item) else kept).append(item)
    if config.getoption("--whole"):
        others = one_kind.of_the_other_kind(kept, every, drawn.seed())
        config.stash[LEFT_TO_THE_OTHER_KIND] = len(others)
        left += others
        kept = [item for item in kept if item not in others]
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def _elsewhere(item: pytest.Item) -> bool:
    """Whether the test says nothing about hubs at the chosen address, or nothing about machines of the chosen kind."""
    if kinds.has_own_kernel() and not item.get_closest_marker("any_machine"):
        return True
    if not kinds.has_own_kernel() and item.get_closest_marker("own_kernel"):
        return True
    needs_certificate = item.get_closest_marker("with_a_certificate") is not None
    return addresses.left_out(item.path.name) or (needs_certificate and addresses.here().behind)


def _repeats(item: pytest.Item) -> bool:
    return bool(item.config.getoption("--whole")) and item.get_closest_marker("any_machine") is not None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--whole") and _too_few(session.config) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--whole"):
        others = config.stash.get(LEFT_TO_THE_OTHER_KIND, 0)
        terminalreporter.write_line(f"{others} tests are for the other kind of machine, or for another commit")
        if missing := _too_few(config):
            terminalreporter.write_line(f"TOO FEW MACHINE TESTS: {missing}", red=True)
        left_out = f"left out: machines other than systemd-nspawn, releases of Debian other than {store.RELEASE}"
        terminalreporter.write_line(left_out)


def _too_few(config: pytest.Config) -> str | None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats if reporter else {}
    reports = [report for outcome in ("passed", "failed", "error") for report in stats.get(outcome, [])]
    ran = len({report.nodeid for report in reports if "tests/machine/" in report.nodeid})
    ran += config.stash.get(LEFT_TO_THE_OTHER_KIND, 0)
    return None if ran >= KNOWN_MACHINE_TESTS else f"{ran} ran, {KNOWN_MACHINE_TESTS} are known (tests/conftest.py)"
