"""Resources that are files of one line, and a reporter that keeps what it is told."""

import time
from dataclasses import dataclass, field
from typing import ClassVar

from hubinstall.errors import UserError


@dataclass(frozen=True)
class Toy:
    """A file under /etc that holds its wish; `moods` make it misbehave."""

    kind: ClassVar[str] = "toy"
    lock: ClassVar[str | None] = None
    stays: ClassVar[bool] = False
    name: str
    wish: str = "x"
    mood: str = ""
    journal: list = field(default_factory=list, repr=False, hash=False, compare=False)
    needs: tuple[str, ...] = ()

    def desired(self):
        return {"wish": self.wish}

    def actual(self, host):
        text = host.read(f"/etc/{self.name}")
        return None if text is None else {"wish": text.decode()}

    def apply(self, host, change):
        self.journal.append(("begin", self.name))
        if self.mood == "fail":
            raise UserError("no luck", "try again")
        if self.mood == "slow":
            time.sleep(0.1)
        if self.mood != "lazy":
            host.write(f"/etc/{self.name}", self.wish.encode())
        self.journal.append(("end", self.name))

    def remove(self, host):
        host.remove(f"/etc/{self.name}")


class LockedToy(Toy):
    kind = "locked-toy"
    lock = "apt"


class StayingToy(Toy):
    kind = "staying-toy"
    stays = True


class Silent:
    def __init__(self):
        self.events = []
        self.errors = {}

    def expected(self, resources):
        pass

    def settled(self, id_):
        pass

    def started(self, change):
        self.events.append(("started", change.id))

    def finished(self, change):
        self.events.append(("finished", change.id))

    def failed(self, id_, error):
        self.events.append(("failed", id_))
        self.errors[id_] = error
