"""templates/command, generated from the command's own parser: `python tests/command_help.py` writes it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import shtab

import commands_page
from checkout_path import CHECKOUT
from hubinstall import layout
from hubinstall.cli.main import parser
from hubinstall.settings.keys import known_keys

FOLDER = CHECKOUT / "templates" / "command"
SHELLS = ("bash", "zsh", "fish")
FILES = {
    layout.CONFIG_FILE: "the settings; `hubinstall config example` explains each",
    layout.HUB_DROPINS: "additions to the hub's configuration, in Python",
    layout.NGINX_DROPINS: "additions to nginx's configuration",
    layout.SHARED_DATA: "shared directories",
    layout.LOG_FILE: "what the last runs did",
    layout.STATE: "state: database of the hub, secrets, certificates",
    layout.PROGRAMS: "programs",
}
CODES = {
    0: "success, or nothing to do",
    1: "failure",
    2: "wrong usage",
    3: "something does not work (status), or differences were found (plan --check, status --check)",
    75: "another run holds the lock",
    78: "invalid configuration",
}
NO_PART_OF_A_NAME = {"NAME", "*"}


def files() -> dict[Path, str]:
    """Path → content of each generated file."""
    return {FOLDER / "hubinstall.8": man_page(parser())} | {
        FOLDER / f"hubinstall.{shell}": completion(shell) for shell in SHELLS
    }


def man_page(top: argparse.ArgumentParser) -> str:
    """In the macros of man(7)."""
    lines = [
        ".TH HUBINSTALL 8", ".SH NAME", "hubinstall \\- one machine, one JupyterHub",
        ".SH SYNOPSIS", ".B hubinstall", ".I VERB", "[arguments]",
        ".SH DESCRIPTION",
        roff(f"Brings a machine to the state that {layout.CONFIG_FILE} describes, and keeps it there."),
        "Results go to stdout, messages to stderr.",
        ".SH COMMANDS", *commands(top),
        ".SH FILES", *(line for path, words in FILES.items() for line in (".TP", f".I {roff(path)}", roff(words))),
        ".SH EXIT STATUS", *(line for code, words in CODES.items() for line in (".TP", f".B {code}", roff(words))),
        ".SH SEE ALSO", ".BR journalctl (1),", ".BR nginx (8)",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def commands(top: argparse.ArgumentParser) -> Iterator[str]:
    for name, verb in commands_page.verbs_of(top).items():
        if commands_page.verbs_of(verb):
            yield from commands(verb)
            continue
        yield f".SS {roff(f'{top.prog} {name}')}"
        yield roff(str(verb.description))
        for action in verb._actions:
            if not isinstance(action, argparse._HelpAction):
                value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
                yield from (".TP", tag(action.option_strings, value), roff(action.help or ""))


def tag(options: list[str], value: str) -> str:
    if not options:
        return f".I {roff(value)}"
    return ".B " + roff(", ".join(f"{option} {value}".strip() for option in options))


def roff(text: str) -> str:
    """One line of text; at its beginning a dot or a quote would be a macro."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return re.sub(r"^([.\'])", r"\\&\1", text)


def completion(shell: str) -> str:
    """With the services, and the keys of config.yaml."""
    top = parser()
    for action in actions(top):
        if action.dest == "service":
            action.choices = [*layout.SERVICES]
        elif action.dest in {"key", "keys", "pairs"}:
            action.choices = sorted(".".join(key) for key in known_keys() if not NO_PART_OF_A_NAME.intersection(key))
        elif action.metavar == "FILE":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    text = shtab.complete(top, shell)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"


def actions(top: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for verb in commands_page.verbs_of(top).values():
        yield from verb._actions
        yield from actions(verb)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
