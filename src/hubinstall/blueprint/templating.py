"""Templates: Jinja2 with StrictUndefined, and one quoting filter for each language that values go into.

A template error is raised before anything is touched, because every template is rendered when the blueprint is made.
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
"""Where Python keeps this file compiled, Jinja2 may keep the templates: compiling them takes 0.1 s."""


def nginx(value: object) -> str:
    """A value as one nginx word: quoted, with `$` refused since nginx has no escape for it."""
    text = str(value)
    if re.search(r"[$\x00-\x1f]", text):
        raise ValueError(f"{text!r} cannot be written into an nginx configuration")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def nginx_expression(value: object) -> str:
    """A value as a part of a regular expression in nginx's quotes, where it means itself."""
    return re.sub(r"[^A-Za-z0-9/_-]", lambda found: f"[{found[0]}]", str(value))


def systemd(value: object) -> str:
    """A value as one word of a unit file (systemd.syntax(7)): quoted, specifiers and variables doubled."""
    text = str(value)
    if re.search(r"[\x00-\x1f]", text):
        raise ValueError(f"{text!r} cannot be written into a unit file")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def supervisor(value: object) -> str:
    """A value of supervisord's INI file: one line, `%` doubled, no comment."""
    text = str(value)
    if re.search(r"[\x00-\x1f]", text) or " ;" in text or text != text.strip():
        raise ValueError(f"{text!r} cannot be written into supervisord's configuration")
    return text.replace("%", "%%")


def shell(value: object) -> str:
    """A value as one word of a POSIX shell."""
    return shlex.quote(str(value))


FILTERS = {
    "nginx": nginx, "nginx_expression": nginx_expression, "systemd": systemd, "supervisor": supervisor, "sh": shell,
    "py": repr, "json": json.dumps,
}  # fmt: skip


@functools.cache
def _environment() -> Environment:
    cache = FileSystemBytecodeCache(str(COMPILED)) if os.access(COMPILED, os.W_OK) else None
    environment = Environment(  # noqa: S701 - none of these languages is HTML; each value names its filter
        loader=FileSystemLoader(DATA), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True,
        lstrip_blocks=True, bytecode_cache=cache,
    )  # fmt: skip
    environment.filters.update(FILTERS)
    return environment


def render(template: str, **values: Any) -> str:
    """Render `templates/…`, `systemd/…` or `nginx/…`; a value that the template names and nobody gives is an error."""
    return _environment().get_template(template).render(**values)
