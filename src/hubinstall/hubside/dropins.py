"""The administrator's own files for the hub: run them, and find out what they set, and where.

JupyterHub forgets where a setting came from. Here the configuration is compared before and after each file, and the
line is found in the file's text, so that a message can name both.
"""

import ast
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from traitlets.config.loader import Config, LazyConfigValue

EX_CONFIG = 78


@dataclass(frozen=True)
class Said:
    """A drop-in has set `c.SECTION.NAME`. `line` 0: the file does not show in which line."""

    section: str
    name: str
    path: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.path}, line {self.line}" if self.line else self.path

    @property
    def setting(self) -> str:
        return f"c.{self.section}.{self.name}"


def run_all(c: Any, folder: str) -> tuple[dict[str, str], list[Said]]:
    """Run the files in the order of their names. Returns path → SHA-256 of each, and what they set.

    Ends the hub with a message if one fails.
    """
    said: list[Said] = []
    read: dict[str, str] = {}
    for path in sorted(Path(folder).glob("*.py")):
        before = values(c)
        text = run(c, path)
        read[str(path)] = hashlib.sha256(text.encode()).hexdigest()
        lines = assigned(text)
        for (section, name), value in values(c).items():
            if (section, name) not in before or before[section, name] != value:
                line = lines.get((section, name)) or lines.get(("", name), 0)
                said.append(Said(section, name, str(path), line))
    return read, said


def run(c: Any, path: Path) -> str:
    """Run one file with `c`, as in any jupyterhub_config.py; returns its text."""
    try:
        text = path.read_bytes().decode()
        code = compile(text, str(path), "exec")
        exec(code, {"c": c, "get_config": lambda: c, "__file__": str(path), "__name__": "jupyterhub_config"})  # noqa: S102 - it is the administrator's own configuration
    except SyntaxError as error:
        stop(f"{error.filename}, line {error.lineno}: {error.msg}", "Fix this file or move it away.")
    except Exception as error:  # noqa: BLE001 - any error is reported with its place
        line = line_in(error, str(path))
        stop(f"{path}{line}: {type(error).__name__}: {error}", "Fix this file or move it away.")
    return text


def values(c: Any) -> dict[tuple[str, str], Any]:
    """(section, name) → a copy of the value, for all values. A name that was only read is none."""
    found = {}
    for section, content in c.items():
        for name, value in content.items() if isinstance(content, Config) else ():
            if not isinstance(value, LazyConfigValue):
                found[section, name] = copied(value)
            elif change := value.to_dict():
                found[section, name] = copied(change)
    return found


def copied(value: Any) -> Any:
    """A copy that a later change of the containers within the value does not reach."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return set(value) if isinstance(value, set) else value


def assigned(text: str) -> dict[tuple[str, str], int]:
    """(section, name) → the last line with `….SECTION.NAME`; ("", name): with `.NAME` of anything."""
    found: dict[tuple[str, str], int] = {}
    for node in ast.walk(ast.parse(text)):
        if name := _key(node):
            for section in ("", _key(getattr(node, "value", node))):
                found[section, name] = max(found.get((section, name), 0), getattr(node, "lineno", 0))
    return found


def _key(node: ast.AST) -> str:
    """`x` of `….x`, `…["x"]`, or `x` alone."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.id if isinstance(node, ast.Name) else ""


def line_in(error: BaseException, path: str) -> str:
    """`, line 3`: the innermost line of the traceback in that file, or an empty text."""
    lines, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            lines = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return lines


def stop(message: str, hint: str) -> NoReturn:
    """End the hub: it cannot work with this configuration."""
    sys.stderr.write(f"hubinstall: {message}\n  {hint}\n")
    raise SystemExit(EX_CONFIG)
