"""What the folder of an environment asks for, after it was read (installation/folders)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`place`: where it is written, as people look it up: a path and a line, or a key of config.yaml."""

    text: str
    place: str


@dataclass(frozen=True)
class Folder:
    """`python`: as pip writes them, options for the index among them; `constraints`: versions of what others need;
    `apt`, `r`: names. `pythons`: the versions of Python itself that it is for.
    """

    python: tuple[Line, ...] = ()
    constraints: tuple[Line, ...] = ()
    apt: tuple[Line, ...] = ()
    r: tuple[Line, ...] = ()
    pythons: tuple[Line, ...] = ()
    project: tuple[tuple[str, str], ...] = ()
    """The texts of pyproject.toml and uv.lock, which uv reads itself; `chosen`: its flags for extras and groups;
    `named`: what the first names, for messages.
    """
    chosen: tuple[str, ...] = ()
    named: tuple[Line, ...] = ()
    path: str = ""
    """Of the folder, if it has a postBuild, which may use all other files; `files`: a digest of them."""
    files: str = ""
