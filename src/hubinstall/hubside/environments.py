"""The environments that servers can have: which image each is, and whom it is for."""

from dataclasses import dataclass

DEFAULT = "default"
"""The name of the one that everyone gets without a choice; it is always there."""


@dataclass(frozen=True)
class ServerEnvironment:
    """`image`: Docker's name for it. `title`, `description`: for people; empty if config.yaml has none."""

    image: str
    title: str = ""
    description: str = ""
    groups: tuple[str, ...] = ()
    """The host groups whose members may choose it; empty: everyone may."""
