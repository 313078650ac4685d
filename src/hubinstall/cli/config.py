"""`hubinstall config …`: an edit leaves the file valid, or does not change it."""

import json
import sys
from argparse import Namespace

from hubinstall.blueprint.proxy_snippet import missing, snippet
from hubinstall.cli.session import apply_config, need_root
from hubinstall.config import edit, reference, validate
from hubinstall.installation import inputs, lock
from hubinstall.machine import network
from hubinstall.machine.host import Host


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
        return 0
    if verb == "reload":
        return apply_config(host, validate.load(text))
    old = validate.document(text)
    edits = {
        "set": lambda: edit.set_value(old, arguments.key, arguments.value),
        "unset": lambda: edit.unset(old, arguments.key),
        "add-item": lambda: edit.add_item(old, arguments.key, arguments.value),
        "remove-item": lambda: edit.remove_item(old, arguments.key, arguments.value),
    }
    new = validate.validate(edits[verb]())
    if arguments.apply:
        return apply_config(host, new)
    with lock.one_run(f"config {verb}"):
        inputs.keep_config(host, new.text)
    return 0


def proxy_snippet(arguments: Namespace, host: Host, text: str) -> str:
    """The configuration for the web server in front; settings that are still missing here are named on stderr."""
    settings = validate.load(text).settings
    made = snippet(arguments.server, settings, network.addresses(host))
    if words := missing(settings):
        print(f"hubinstall: {words}", file=sys.stderr)
    return made
