"""Plan and apply: order, parallelism, locks, failure. Knows nothing of JupyterHub, nor of settings.

A resource is looked at when all it needs is settled; a difference is noted in the ledger, applied and looked at again.
What a change unsettles (resources/base.py) is looked at once more after it. A run that is killed in between leaves that
to the next one, whose look finds the difference.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

from hubinstall.engine.ledger import Ledger
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource, look, resource_id, unsettled_by

WORKERS = 8


class Reporter(Protocol):
    """Is told what happens, from any thread (report/choose.py)."""

    def started(self, change: Change) -> None: ...
    def finished(self, change: Change) -> None: ...
    def failed(self, id_: str, error: BaseException) -> None: ...


@dataclass
class Outcome:
    done: list[Change] = field(default_factory=list)
    failed: dict[str, BaseException] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """Sort so that each resource comes after all it needs, and otherwise as given.

    Raises ValueError (a bug of the blueprint) for a need that nobody meets, a circle, two of one id, or one that
    unsettles what it does not need.
    """
    by_id: dict[str, Resource] = {}
    for resource in resources:
        if by_id.setdefault(resource_id(resource), resource) is not resource:
            raise ValueError(f"{resource_id(resource)} is wished twice")
        if strangers := set(unsettled_by(resource)) - set(resource.needs):
            raise ValueError(f"{resource_id(resource)} unsettles {', '.join(strangers)}, which it does not need")
    settled: dict[str, Resource] = {}

    def visit(id_: str, wanted_by: tuple[str, ...]) -> None:
        if id_ in wanted_by:
            raise ValueError(f"a circle of needs: {' → '.join([*wanted_by, id_])}")
        if id_ not in by_id:
            raise ValueError(f"{wanted_by[-1]} needs {id_}, which nobody wishes")
        for need in by_id[id_].needs if id_ not in settled else ():
            visit(need, (*wanted_by, id_))
        settled.setdefault(id_, by_id[id_])

    for id_ in by_id:
        visit(id_, ())
    return list(settled.values())


def plan(resources: list[Resource], host: Host, ledger: Ledger) -> list[Change]:
    """Every difference between the wishes and the machine, in the order in which apply would mend it."""
    changes = [look(r, host, ledger.last(r)) for r in in_order(resources)]
    unwanted = [r for r in ledger.unwanted(resources) if not r.stays]
    removals = [Change(r, before, None) for r in unwanted if (before := r.actual(host)) is not None]
    return [c for c in changes if c] + removals


class Run:
    """One apply: every resource, independent ones at the same time."""

    def __init__(self, resources: list[Resource], host: Host, ledger: Ledger, reporter: Reporter) -> None:
        self._resources = self._waiting = in_order(resources)
        self._host, self._ledger, self._reporter = host, ledger, reporter
        self._locks: dict[str | None, threading.Lock] = defaultdict(threading.Lock)
        self._settled: set[str] = set()
        self.outcome = Outcome()
        self.stop = threading.Event()
        """Set (by a signal, or a failure): running steps finish, no further one starts."""

    def settle(self, ids: Collection[str]) -> Outcome:
        """Apply these only, and what their change unsettles; all that they need besides counts as settled."""
        self._settled = {resource_id(r) for r in self._resources} - set(ids)
        self._waiting = [r for r in self._resources if resource_id(r) in ids]
        return self.apply()

    def apply(self) -> Outcome:
        running: dict[Future[Change | None], Resource] = {}
        with ThreadPoolExecutor(WORKERS) as pool:
            while True:
                for resource in self._ready():
                    running[pool.submit(self._settle, resource)] = resource
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._collect(running.pop(future), future)
        self.outcome.skipped = [resource_id(r) for r in self._waiting]
        return self.outcome

    def remove(self, resources: list[Resource]) -> Outcome:
        """Take off what is no longer wished, in the order given; one failure does not keep the rest.

        What stays is only taken off the ledger.
        """
        for resource in resources:
            if resource.stays:
                self._ledger.forget(resource)
                continue
            change = Change(resource, resource.actual(self._host), None)
            try:
                if change.before is not None:
                    self._reporter.started(change)
                with self._host.step(change.id):
                    resource.remove(self._host)
                self._ledger.forget(resource)
                if change.before is not None:
                    self.outcome.done.append(change)
                    self._reporter.finished(change)
            except (UserError, OSError) as error:
                self._fail(change.id, error)
        return self.outcome

    def _ready(self) -> list[Resource]:
        if self.stop.is_set():
            return []
        ready = [r for r in self._waiting if self._settled.issuperset(r.needs)]
        self._waiting = [r for r in self._waiting if r not in ready]
        return ready

    def _collect(self, resource: Resource, future: Future[Change | None]) -> None:
        error = future.exception()
        if error is None:
            self._settled.add(resource_id(resource))
            if change := future.result():
                self.outcome.done.append(change)
                self._unsettle(unsettled_by(resource))
        else:
            self._fail(resource_id(resource), error)
            self.stop.set()

    def _unsettle(self, ids: tuple[str, ...]) -> None:
        """Let them come again; what needs them, and has not begun, waits for that."""
        self._settled -= set(ids)
        self._waiting = [*(r for r in self._resources if resource_id(r) in ids), *self._waiting]

    def _fail(self, id_: str, error: BaseException) -> None:
        self.outcome.failed[id_] = error
        self._reporter.failed(id_, error)

    def _settle(self, resource: Resource) -> Change | None:
        with self._locks[resource.lock] if resource.lock else threading.Lock():
            change = look(resource, self._host, self._ledger.last(resource))
            if change is None:
                self._ledger.agree(resource)
                return None
            self._reporter.started(change)
            self._ledger.note(change)
            with self._host.step(change.id):
                resource.apply(self._host, change)
                self._host.forget()  # what others asked while it was under way is no second look
                if left := look(resource, self._host):
                    raise UserError(
                        f"{change.id} did not become as wished: {', '.join(left.keys)} still differs",
                        f"wished {[left.after and left.after.get(k) for k in left.keys]}, "
                        f"found {[left.before and left.before.get(k) for k in left.keys]}",
                    )
            self._ledger.settle(change)
            self._reporter.finished(change)
            return change
