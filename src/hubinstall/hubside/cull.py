"""When idle servers are stopped: the fields of Cull are the keys of `services.cull` in config.yaml, by name."""

from dataclasses import dataclass

WARNING = 600.0
"""Seconds before a stop in which its owner is asked, if there is so much time."""


@dataclass(frozen=True)
class Cull:
    """Times are seconds; no `max_age`: 0."""

    enabled: bool = False
    timeout: int = 7200
    every: int = 60
    max_age: int = 0
    except_users: tuple[str, ...] = ()
    except_groups: tuple[str, ...] = ()

    @property
    def warning(self) -> float:
        """Seconds before a stop in which its owner is asked."""
        return min(WARNING, self.timeout / 2)
