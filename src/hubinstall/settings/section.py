"""What all sections of config.yaml have in common: a map of known keys, where an empty key counts as absent."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from hubinstall.settings.values.words import type_name, wrong


@dataclass(frozen=True)
class Conflict:
    """Values that are valid alone but not together. `at`: the key to show; `about`: the keys that were compared."""

    at: tuple[str | int, ...]
    about: tuple[str, ...]
    message: str
    hint: str


class Section(BaseModel):
    """A map of keys in the file. Unknown keys are errors; types are not converted (`yes` is not true, `"1"` not 1)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_absent(cls, data: Any) -> Any:
        if data is None:
            return {}
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise wrong(f"must be a map of keys, not {type_name(data)}", f"try the keys {', '.join(cls.model_fields)}")
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    @model_validator(mode="after")
    def _no_conflicts(self) -> Self:
        conflicts = self.conflicts()
        if conflicts:
            raise PydanticCustomError("conflicts", "values that conflict", {"conflicts": conflicts})
        return self

    def conflicts(self) -> list[Conflict]:
        """Values within this section that contradict each other."""
        return []


def repeats(names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Index and text of each name that already appears earlier in the list."""
    left = Counter(names)
    repeats = []
    for index, name in reversed(list(enumerate(names))):
        left[name] -= 1
        if left[name]:
            repeats.append((index, name))
    return repeats[::-1]
