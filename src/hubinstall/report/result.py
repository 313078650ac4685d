"""What a run did, as data: for `apply --json`."""

from dataclasses import asdict, dataclass, field
from typing import Any

from hubinstall import __version__
from hubinstall.errors import UserError


@dataclass(frozen=True)
class Step:
    """One change; `seconds`: how long it took."""

    id: str
    verb: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """`id`: the step, or `verify`; empty if the run ended before the first step."""

    id: str
    message: str
    hint: str


@dataclass
class Result:
    """Grows while the run goes on."""

    changes: list[Step] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self, error: UserError | None = None, **more: Any) -> dict[str, Any]:
        """`error`: what ended the run. `more`: what a successful run says of the hub."""
        ended = {"succeeded": error is None, "error": error and {"message": error.message, "hint": error.hint}}
        return {"version": __version__} | ended | asdict(self) | more
