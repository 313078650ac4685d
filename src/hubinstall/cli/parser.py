"""argparse that answers a mistyped verb or flag with what was meant."""

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NoReturn

MEANT = {
    "install": "apply", "upgrade": "apply", "update": "apply", "reload": "config reload", "converge": "apply",
    "deploy": "apply", "set": "config set", "get": "config get", "show": "config show", "edit": "config edit",
    "unset": "config unset", "add-item": "config add-item", "remove-item": "config remove-item", "diff": "plan",
    "dry-run": "plan", "check": "status", "health": "status", "info": "status", "doctor": "status", "test": "verify",
    "remove": "uninstall", "purge": "uninstall", "delete": "uninstall", "log": "logs", "journal": "logs",
    "renew": "certificate renew", "cert": "certificate status", "settings": "config show", "reset": "config unset",
    "adduser": "user add", "useradd": "user add", "deluser": "user remove", "userdel": "user remove",
    "passwd": "user passwd", "users": "user list", "people": "user list", "newusers": "user import",
}  # fmt: skip
"""Words of other programs → the verb that does that here."""
FLAGS_MEANT = {"--dry-run": "hubinstall plan", "--force": "hubinstall apply", "--config": "hubinstall config edit"}
"""Flags of other programs → the command that does that here."""


class Parser(argparse.ArgumentParser):
    """Flags are never abbreviated."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False} | options)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """The same, but what is left over is answered by the verb that was given it."""
        parsed, left = self.parse_known_args(args, namespace)
        if left:
            self.chosen(parsed).refuse(left)
        return parsed

    def verbs(self) -> dict[str, "Parser"]:
        """Verb → its parser."""
        found = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
        return dict(found[0].choices) if found else {}

    def find(self, words: Sequence[str]) -> "Parser":
        """The parser of `config set`; ends with exit code 2 and what was meant if there is none."""
        found = self
        for word in words:
            verbs = found.verbs()
            if word not in verbs:
                found.error(unknown_verb(found.prog, word, list(verbs)))
            found = verbs[word]
        return found

    def chosen(self, parsed: argparse.Namespace) -> "Parser":
        """The parser of the verb that was typed."""
        words = [parsed.verb, getattr(parsed, f"{parsed.verb}_verb", None)] if hasattr(parsed, "verb") else []
        return self.find([word for word in words if word])

    def refuse(self, left: Sequence[str]) -> NoReturn:
        """End with exit code 2: these words are too many."""
        options = [option for action in self._actions for option in action.option_strings]
        told = []
        for word in left:
            name = word.partition("=")[0]
            near = near_flag(name, options) if name.startswith("-") else []
            other = FLAGS_MEANT.get(name)
            told.append(f"{word}: did you mean {near[0]}?" if near else f"{word}: try {other}" if other else word)
        self.error(f"unrecognized arguments: {', '.join(told)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Argparse's own message lists all verbs and proposes none."""
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:  # noqa: SLF001
            raise argparse.ArgumentError(None, unknown_verb(self.prog, str(value), list(action.choices)))
        super()._check_value(action, value)


def near_flag(name: str, options: Sequence[str]) -> list[str]:
    """The flag that was meant, if there is one; the dashes, which all of them have, make nothing similar."""
    words = {option.lstrip("-"): option for option in options if option.startswith("--")}
    plain = name.lstrip("-").lower().replace("_", "-")
    return [words[word] for word in difflib.get_close_matches(plain, words, n=1, cutoff=0.6)]


def unknown_verb(program: str, word: str, verbs: list[str]) -> str:
    """The message for a word that is no verb of `program`, such as `hubinstall config`."""
    if not verbs:
        return f"`{program}` has no verbs"
    near = difflib.get_close_matches(word.lower().replace("_", "-"), verbs, n=1, cutoff=0.6)
    top = program.partition(" ")[0]
    meant = f"{program} {near[0]}" if near else f"{top} {MEANT[word]}" if word in MEANT else ""
    if word in MEANT and program == top:
        meant = f"{top} {MEANT[word]}"
    hint = f"did you mean `{meant}`?" if meant else f"try one of {', '.join(verbs)}"
    return f"there is no verb {word!r}; {hint}"
