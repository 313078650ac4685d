"""Templates: Jinja2 with StrictUndefined, and a quoting filter for each language.

A template error is raised before anything changes, because building the blueprint renders every template.
"""

import functools
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

DATA = Path(__file__).parents[1] / "data"
COMPILED = Path(__file__).parents[1] / "__pycache__"
"""Jinja2 keeps compiled templates where Python keeps compiled modules: compiling them takes 0.1 s."""


def nginx(value: object) -> str:
    """A value as one nginx argument: quoted. `$` is refused, because nginx has no escape for it."""
    text = str(value)
    if re.search(r"[$\x00-\x1f]", text):
        raise ValueError(f"{text!r} cannot be written into an nginx configuration")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nginx_expression(value: object) -> str:
    """A value as a literal part of a regular expression within nginx's quotes."""
    return re.sub(r"[^A-Za-z0-9/_-]", lambda found: f"[{found[0]}]", str(value))


def systemd(value: object) -> str:
    """A value as one word of a unit file (systemd.syntax(7)): quoted, with `%` and `$` doubled."""
    text = str(value)
    if re.search(r"[\x00-\x1f]", text):
        raise ValueError(f"{text!r} cannot be written into a unit file")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def supervisor(value: object) -> str:
    """A value in supervisord's INI file: one line without a comment, with `%` doubled."""
    text = str(value)
    if re.search(r"[\x00-\x1f]", text) or " ;" in text or text != text.strip():
        raise ValueError(f"{text!r} cannot be written into supervisord's configuration")
    return text.replace("%", "%%")


def shell(value: object) -> str:
    """A value as one word in a POSIX shell."""
    return shlex.quote(str(value))


FILTERS = {
    "nginx": nginx, "nginx_expression": nginx_expression, "systemd": systemd, "supervisor": supervisor, "sh": shell,
    "py": repr, "json": json.dumps,
}  # fmt: skip


@functools.cache
def _environment() -> Environment:
    cache = FileSystemBytecodeCache(str(COMPILED)) if os.access(COMPILED, os.W_OK) else None
    environment = Environment(  # noqa: S701 - none of these languages is HTML; templates name a filter for each value
        loader=FileSystemLoader(DATA), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True,
        lstrip_blocks=True, bytecode_cache=cache,
    )  # fmt: skip
    environment.filters.update(FILTERS)
    return environment


def render(template: str, **values: Any) -> str:
    """Render `templates/…`, `systemd/…` or `nginx/…`; a value that the template uses but nobody passes is an error."""
    return _environment().get_template(template).render(**values)
