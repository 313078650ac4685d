"""`hubinstall config …`: an edit leaves the file valid, or does not change it."""

import json
import re
import sys
from argparse import Namespace
from collections.abc import Callable

from hubinstall.blueprint.proxy_snippet import missing, snippet
from hubinstall.cli import editor
from hubinstall.cli.session import apply_config, need_root
from hubinstall.config import read, reference, typed, validate
from hubinstall.errors import UserError
from hubinstall.installation import inputs, lock
from hubinstall.machine import network
from hubinstall.machine.host import Host
from hubinstall.report.choose import Output
from hubinstall.report.words import say
from hubinstall.settings.values.words import shown

SET = "Type `hubinstall config set KEY VALUE KEY VALUE`, or the same as KEY=VALUE KEY=VALUE."
_KEY_AND_VALUE = re.compile(r"((?:\"[^\"]*\"|'[^']*'|[^=\"'\s])+)=(.*)", re.DOTALL)


def config(arguments: Namespace, host: Host) -> int:
    """`hubinstall config …`: an edit leaves the file valid, or does not change it."""
    verb = arguments.config_verb
    if verb in {"schema", "example"}:
        print(reference.example() if verb == "example" else f"{json.dumps(reference.schema(), indent=2)}\n", end="")
        return 0
    need_root()
    text = inputs.config_text(host)
    if verb in {"show", "proxy-snippet"}:
        print(validate.show(text) if verb == "show" else proxy_snippet(arguments, host, text), end="")
    else:
        acts: dict[str, Callable[[], int]] = {
            "reload": lambda: apply_config(host, validate.load(text), Output(verbose=arguments.verbose)),
            "get": lambda: get(validate.load(text), arguments.key),
            "edit": lambda: editor.edit_file(host, text, apply=arguments.apply),
        }
        return acts.get(verb, lambda: change(arguments, host, text))()
    return 0


def change(arguments: Namespace, host: Host, text: str) -> int:
    """`set`, `unset`, `add-item` and `remove-item`: check the result, and save or apply it."""
    new = typed.edited(validate.document(text), edits(arguments))
    if arguments.apply:
        return apply_config(host, new, Output(verbose=arguments.verbose))
    if new.text == text.removeprefix("\ufeff"):
        say("nothing changed: config.yaml says so already")
        return 0
    with lock.one_run(f"config {arguments.config_verb}"):
        inputs.keep_config(host, new.text)
    say(editor.SAVED)
    return 0


def edits(arguments: Namespace) -> list[typed.Edit]:
    """What `set`, `unset`, `add-item` and `remove-item` are to change."""
    verb = arguments.config_verb
    if verb == "set":
        return [typed.setting(f"config set {key}", key, value) for key, value in pairs(arguments.pairs)]
    if verb == "unset":
        return [typed.unsetting(f"config unset {key}", key) for key in arguments.keys]
    key, words = arguments.key, f"config {verb} {arguments.key}"
    make = typed.adding if verb == "add-item" else typed.removing
    return [make(words, key, item) for item in arguments.items]


def pairs(words: list[str]) -> list[tuple[str, str]]:
    """`KEY VALUE KEY VALUE …` or `KEY=VALUE KEY=VALUE …`. Raises UserError if it is neither."""
    if _KEY_AND_VALUE.match(words[0]):
        found = [_KEY_AND_VALUE.match(word) for word in words]
        wrong = next((word for word, match in zip(words, found, strict=True) if match is None), None)
        if wrong is not None:
            raise UserError(f"{shown(wrong)} is not KEY=VALUE, as {shown(words[0])} is", SET, 2)
        return [(match[1], match[2]) for match in found if match]
    if len(words) % 2:
        raise UserError(f"{words[-1]} has no value", SET, 2)
    keys = (word.removesuffix(":") for word in words[::2])  # `https.mode: off`, as files and hints say it
    return list(zip(keys, words[1::2], strict=True))


def get(config: validate.Config, key: str) -> int:
    """Print a value to stdout; that it is the default, to stderr."""
    value, note = read.get(config, key)
    if value:
        print(value)
    if note:
        say(note)
    return 0


def proxy_snippet(arguments: Namespace, host: Host, text: str) -> str:
    """The configuration for the web server in front; settings that are still missing here are named on stderr."""
    settings = validate.load(text).settings
    made = snippet(arguments.server, settings, network.addresses(host))
    if words := missing(settings):
        print(f"hubinstall: {words}", file=sys.stderr)
    return made
