"""One kind of resource under the contract: a scratch thing of its own, and how a hand breaks it."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hubinstall.machine.host import Host
from hubinstall.resources.base import Resource

BASE = "/srv/contract"
"""The folder of all scratch things."""
Act = Callable[[Host], object]


def runs(*argv: str) -> Act:
    """A hand types a command."""
    return lambda host: host.run(list(argv))


class Ends(enum.Enum):
    """What an apply does about a break."""

    MENDED = "mended"
    REFUSED = "refused in words, until the hand that did it takes it back"


@dataclass(frozen=True)
class Break:
    """A hand makes `key` different. `also`: keys that cannot help differing with it, and `why`."""

    key: str
    act: Act
    also: tuple[str, ...] = ()
    why: str = ""
    ends: Ends = Ends.MENDED
    taken_back: Act = lambda _: None
    """Undoes what is refused."""

    def __post_init__(self) -> None:
        assert bool(self.why) == bool(self.also or self.ends is Ends.REFUSED), f"{self.key}: an exception has a reason"


@dataclass(frozen=True)
class PutBack:
    """A removal gives back what stood there: `foreign` puts it there, `seen` must be the same before and after."""

    foreign: Act
    seen: Callable[[Host], object]


@dataclass(frozen=True)
class Case:
    """A kind's scratch thing. `stands`: whether it is there, found out by other means than the kind's own look."""

    resource: Resource
    breaks: tuple[Break, ...]
    stands: Callable[[Host], bool]
    before: Act = lambda _: None
    """What must be there first; may be called again."""
    never_absent: str = ""
    """Why the beginning is a break and not an absence."""
    stays: str = ""
    """Why a removal leaves it."""
    unbreakable: Mapping[str, str] = field(default_factory=dict)
    """Keys that no hand can make different here, each with the reason."""
    put_back: PutBack | None = None

    @property
    def kind(self) -> str:
        return self.resource.kind
