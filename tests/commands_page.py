"""docs/reference/commands.md, generated from the command's own parser: `python tests/commands_page.py` writes it."""

import argparse

from checkout_path import CHECKOUT
from hubinstall.cli.main import parser

PAGE = CHECKOUT / "docs" / "reference" / "commands.md"
HEAD = """# The command

Results go to stdout, messages to stderr. Exit codes: 0 success or nothing to do, 1 failure, 2 wrong usage, 3
something does not work (`status`) or differences found (`plan --check`, `status --check`), 75 another run holds the
lock (the message says which), 78 invalid configuration.
"""


def page() -> str:
    """Every verb with its arguments and flags."""
    return HEAD + "".join(f"\n{section}" for section in sections(parser()))


def sections(top: argparse.ArgumentParser) -> list[str]:
    made = []
    for name, verb in verbs_of(top).items():
        inner = verbs_of(verb)
        made += [section(f"{top.prog} {name}", verb)] if not inner else sections(verb)
    return made


def section(title: str, verb: argparse.ArgumentParser) -> str:
    rows = [row for action in verb._actions if (row := words(action))]
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"## {title}\n\n{verb.description}\n{table}"


def words(action: argparse.Action) -> str:
    if isinstance(action, argparse._HelpAction):
        return ""
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    names = ", ".join(f"{option} {value}".strip() for option in action.option_strings) or value
    return f"| `{names}` | {action.help or ''} |"


def verbs_of(verb: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [a for a in verb._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
