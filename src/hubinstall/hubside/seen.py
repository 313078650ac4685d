"""What a provider has said of a person, and how old that is."""

import time
from dataclasses import dataclass
from typing import Any, Self

from hubinstall.hubside.rights import Vouched


class GoneError(Exception):
    """The provider says that the person's session there is over, or the person."""


class DepartedError(GoneError):
    """The provider says that it does not know the person any more."""


class UnaskableError(Exception):
    """The provider gave nothing with which to ask it again about the person."""


@dataclass
class Seen:
    """What the provider said of a person. `at`: when, in seconds since 1970; `asked`: when it was asked last."""

    vouched: Vouched
    at: float
    asked: float
    unaskable: bool = False
    over: bool = False
    """The person has to sign on again."""
    gone_at: float | None = None
    """When the person counts as gone, unless they sign on again until then."""
    ended: bool = False
    """What the person had here has been ended since."""

    @property
    def age(self) -> float:
        return time.time() - self.at

    def kept(self) -> dict[str, Any]:
        """For the next hub, in the state that JupyterHub keeps encrypted."""
        found = {"at": self.at, "allowed": self.vouched.allowed, "admin": self.vouched.admin}
        return found if self.gone_at is None else {**found, "gone_at": self.gone_at}

    @classmethod
    def recalled(cls, kept: dict[str, Any]) -> Self:
        """As `kept` gave it."""
        vouched, gone_at = Vouched(bool(kept.get("allowed")), bool(kept.get("admin"))), kept.get("gone_at")
        return cls(vouched, float(kept.get("at", 0)), 0, over=gone_at is not None, gone_at=gone_at)
