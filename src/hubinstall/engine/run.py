"""Plan and apply: order, parallelism, locks, failure. Knows nothing of JupyterHub, nor of settings.

When everything that a resource needs is settled, its actual state is compared with its desired state. A difference is
recorded in the ledger and applied; then the two are compared again. What a change unsettles (resources/base.py) is
compared once more after it; if a run is killed in between, the next run finds the difference.
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
    """Receives the events of a run, from any thread (report/choose.py)."""

    def expected(self, resources: list[Resource]) -> None: ...
    def settled(self, id_: str) -> None: ...
    def started(self, change: Change) -> None: ...
    def finished(self, change: Change) -> None: ...
    def failed(self, id_: str, error: BaseException) -> None: ...


@dataclass
class Outcome:
    done: list[Change] = field(default_factory=list)
    failed: dict[str, BaseException] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """Sort the resources so that each one comes after all it needs; otherwise the given order is kept.

    Raises ValueError (a bug in the blueprint) if a need is missing, if needs form a cycle, if two resources have the
    same id, or if one unsettles what it does not need.
    """
    by_id: dict[str, Resource] = {}
    for resource in resources:
        if by_id.setdefault(resource_id(resource), resource) is not resource:
            raise ValueError(f"{resource_id(resource)} is in the list twice")
        if strangers := set(unsettled_by(resource)) - set(resource.needs):
            raise ValueError(f"{resource_id(resource)} unsettles {', '.join(strangers)}, which it does not need")
    settled: dict[str, Resource] = {}

    def visit(id_: str, wanted_by: tuple[str, ...]) -> None:
        if id_ in wanted_by:
            raise ValueError(f"a cycle of needs: {' → '.join([*wanted_by, id_])}")
        if id_ not in by_id:
            raise ValueError(f"{wanted_by[-1]} needs {id_}, which is not in the list")
        for need in by_id[id_].needs if id_ not in settled else ():
            visit(need, (*wanted_by, id_))
        settled.setdefault(id_, by_id[id_])

    for id_ in by_id:
        visit(id_, ())
    return list(settled.values())


def plan(resources: list[Resource], host: Host, ledger: Ledger) -> list[Change]:
    """Every difference between desired and actual state, in the order in which apply would fix it."""
    changes = [look(r, host, ledger.last(r)) for r in in_order(resources)]
    unwanted = [r for r in ledger.unwanted(resources) if not r.stays]
    removals = [Change(r, before, None) for r in unwanted if (before := r.actual(host)) is not None]
    return [c for c in changes if c] + removals


class Run:
    """One apply of all resources; independent ones run in parallel."""

    def __init__(self, resources: list[Resource], host: Host, ledger: Ledger, reporter: Reporter) -> None:
        self._resources = self._waiting = in_order(resources)
        self._host, self._ledger, self._reporter = host, ledger, reporter
        self._locks: dict[str | None, threading.Lock] = defaultdict(threading.Lock)
        self._settled: set[str] = set()
        self.outcome = Outcome()
        self.stop = threading.Event()
        """When it is set (by a signal or a failure), running steps finish and no further step starts."""

    def settle(self, ids: Collection[str]) -> Outcome:
        """Apply only these, and what their change unsettles; everything else they need counts as settled."""
        self._settled = {resource_id(r) for r in self._resources} - set(ids)
        self._waiting = [r for r in self._resources if resource_id(r) in ids]
        return self.apply()

    def apply(self) -> Outcome:
        # By the ledger, which costs nothing: each step looks at the machine itself.
        self._reporter.expected([r for r in self._waiting if self._ledger.last(r) != r.desired()])
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
        """Remove resources that are no longer wanted, in the given order; one failure does not stop the rest.

        A resource that stays on the machine is only removed from the ledger.
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
            self._reporter.settled(resource_id(resource))
            if change := future.result():
                self.outcome.done.append(change)
                self._unsettle(unsettled_by(resource))
        else:
            self._fail(resource_id(resource), error)
            self.stop.set()

    def _unsettle(self, ids: tuple[str, ...]) -> None:
        """Settle these again; what needs them and has not started waits for that."""
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
                self._host.forget()  # answers that others got while the change was in progress may be outdated
                if left := look(resource, self._host):
                    differ = f"{', '.join(left.keys)} still differ{'s' if len(left.keys) == 1 else ''}"
                    raise UserError(
                        f"{change.id} was applied, but its {differ} from the configuration",
                        f"desired {[left.after and left.after.get(k) for k in left.keys]}, "
                        f"found {[left.before and left.before.get(k) for k in left.keys]}",
                    )
            self._ledger.settle(change)
            self._reporter.finished(change)
            return change
