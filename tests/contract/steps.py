"""The contract: absent → made → nothing to do → each key broken and mended → gone → gone twice; adopted → stays."""

from contract.case import BASE, Break, Case, Ends
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Outcome, Run, plan
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource

LEDGER = f"{BASE}/ledger.json"


class Quiet:
    """A reporter that says nothing."""

    def expected(self, resources: list[Resource]) -> None: ...
    def settled(self, id_: str) -> None: ...
    def started(self, change: Change) -> None: ...
    def finished(self, change: Change) -> None: ...
    def failed(self, id_: str, error: BaseException) -> None: ...


class Trial:
    """One case on one host. Each method is a clause; AssertionError says which does not hold."""

    def __init__(self, case: Case, host: Host) -> None:
        self.case, self.host, self.resource = case, host, case.resource
        if not host.exists(BASE):
            host.mkdir(BASE)
        self.ledger = self.new_ledger()
        self.kept: list[str] = []
        """The clauses that held."""

    def run(self) -> None:
        self.every_key_has_a_break()
        self.is_made()
        self.then_nothing_is_to_do()
        for broken in self.case.breaks:
            self.is_noticed_and_mended(broken)
        self.goes_and_goes_again()
        if self.case.put_back:
            self.what_stood_there_comes_back()
        self.what_stood_there_as_wished_is_not_ours()
        self.what_stood_there_otherwise_is_not_ours()

    # -- clauses ---------------------------------------------------------------------------------------------

    def every_key_has_a_break(self) -> None:
        keys = {broken.key for broken in self.case.breaks} | self.case.unbreakable.keys()
        assert keys == self.resource.desired().keys()

    def is_made(self) -> None:
        self.case.before(self.host)
        if self.case.never_absent:
            self.case.breaks[0].act(self.host)
        change = self.difference("the beginning")
        usual = "change" if self.case.never_absent else "create"
        assert change.verb == getattr(self.resource, "verb", usual)
        assert self.case.never_absent or not self.stands()
        assert self.settled()
        assert self.stands()
        self.kept.append("made")

    def then_nothing_is_to_do(self) -> None:
        assert self.plan() == []
        outcome = self.apply()
        assert (outcome.done, outcome.failed) == ([], {})
        self.kept.append("nothing to do")

    def is_noticed_and_mended(self, broken: Break) -> None:
        broken.act(self.host)
        change = self.difference(broken.key)
        assert change.keys == sorted({broken.key, *broken.also}), f"{broken.key}: {change.keys} was noticed"
        if broken.ends is Ends.REFUSED:
            [error] = self.apply().failed.values()
            assert isinstance(error, UserError), error
            assert error.hint, error
            broken.taken_back(self.host)
        assert broken.ends is Ends.REFUSED or self.settled(), broken.key
        self.apply()
        assert self.plan() == [], broken.key
        assert self.stands()
        self.kept.append(f"{broken.key}: {broken.ends.name.lower()}")

    def goes_and_goes_again(self) -> None:
        # A thing that was there from the beginning is adopted: then nothing is on the list.
        again = self.ledger.unwanted([]) if not self.case.never_absent else [self.resource]
        assert [type(resource) for resource in again] == [type(self.resource)]
        if self.resource.stays:
            assert self.case.stays
            assert plan([], self.host, self.ledger) == []
        for _ in range(2):
            self.remove(*again)
            assert self.stands() == bool(self.case.stays)
            if not self.case.stays:
                assert self.resource.actual(self.host) is None
        assert self.ledger.unwanted([]) == []
        self.resource.remove(self.host)
        self.kept.append("stays" if self.case.stays else "gone")

    def what_stood_there_comes_back(self) -> None:
        put_back = self.case.put_back
        assert put_back
        self.case.before(self.host)
        put_back.foreign(self.host)
        seen = put_back.seen(self.host)
        self.ledger = self.new_ledger()
        assert self.settled()
        self.remove(*self.ledger.unwanted([]))
        assert put_back.seen(self.host) == seen
        self.kept.append("put back")

    def what_stood_there_as_wished_is_not_ours(self) -> None:
        self.case.before(self.host)
        self.apply()
        self.ledger = self.new_ledger()
        self.then_nothing_is_to_do()
        assert self.ledger.unwanted([]) == []
        assert self.stands()
        self.kept.append("adopted as it was")

    def what_stood_there_otherwise_is_not_ours(self) -> None:
        """By a break that leaves the thing there; what can only be there or not has none."""
        for broken in self.case.breaks:
            broken.act(self.host)
            change = self.difference(broken.key)
            broken.taken_back(self.host)
            self.ledger = self.new_ledger()
            outcome = self.apply()
            assert outcome.failed == {}
            if change.before is not None and broken.ends is Ends.MENDED:
                assert outcome.done
                assert self.ledger.unwanted([]) == []
                assert self.stands()
                self.kept.append("adopted and changed")
                break
        self.resource.remove(self.host)

    # -- what they are made of -------------------------------------------------------------------------------

    def new_ledger(self) -> Ledger:
        self.host.remove(LEDGER)
        return Ledger(self.host, LEDGER)

    def stands(self) -> bool:
        self.host.forget()
        return self.case.stands(self.host)

    def plan(self) -> list[Change]:
        self.host.forget()
        self.host.tried.clear()  # each step is a run of its own
        mark = self.host.once("what acts forgets this", object)
        changes = plan([self.resource], self.host, self.ledger)
        assert self.host.once("what acts forgets this", object) is mark, "a look has acted"
        return changes

    def difference(self, what: str) -> Change:
        changes = self.plan()
        assert len(changes) == 1, f"{what}: {len(changes)} differences were noticed"
        return changes[0]

    def apply(self) -> Outcome:
        self.host.forget()
        return Run([self.resource], self.host, self.ledger, Quiet()).apply()

    def settled(self) -> bool:
        """Apply, and exactly this was done."""
        outcome = self.apply()
        if outcome.failed:
            raise AssertionError(f"{outcome.failed}, {[getattr(e, 'hint', '') for e in outcome.failed.values()]}")
        return [change.resource for change in outcome.done] == [self.resource] and self.plan() == []

    def remove(self, *resources: Resource) -> None:
        outcome = Run([], self.host, self.ledger, Quiet()).remove(list(resources))
        assert outcome.failed == {}
        self.host.forget()
