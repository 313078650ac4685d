"""What a one-time link does, and who may make one by a page of the hub: teachers for their students, and the hub's
administrators.

The hub cannot make a link: it shows what this program made for a person who typed the own password. And it sees a link
only when somebody uses it, as it sees passwords.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hubinstall import layout
from hubinstall.accounts_helper import links, new_passwords, pam, resets
from hubinstall.accounts_helper.allowance import Allowance
from hubinstall.accounts_helper.links import Link
from hubinstall.accounts_helper.log import say
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.questions import First, Reset, Whose
from hubinstall.accounts_helper.shadow import Entry
from hubinstall.accounts_helper.strong import is_strong
from hubinstall.hubside.accounts import Account

WRONG_AT_ONCE, WRONG_EACH = 1000, 0.1
"""Links that do not exist, from all people together, that cost nothing; and seconds until one more is looked up."""
MADE_AT_ONCE, MADE_EACH = 100, 30.0
"""The same for links that one teacher makes."""
LASTS = links.DAY
"""Seconds for which a link is good that was made by a page."""
NO_LINK = {"answer": "no link"}


class ByLink:
    """`entry`: what /etc/shadow says of an account; `changing`: held while passwords are set."""

    def __init__(
        self, policy: Policy, service: str, entry: Callable[[str], Entry | None], changing: threading.Lock
    ) -> None:
        self._policy, self._service, self._entry, self._changing = policy, service, entry, changing
        self._wrong, self._made = Allowance(WRONG_AT_ONCE, WRONG_EACH), Allowance(MADE_AT_ONCE, MADE_EACH)

    def whose(self, question: Whose) -> dict[str, Any]:
        """`link` with the `name` of the account; `no link`; or `wait` with seconds."""
        found = self._found(question.token)
        return {"answer": "link", "name": found.name} if isinstance(found, Link) else found

    def first(self, question: First) -> dict[str, Any]:
        """`set` with the `name`; `refused` with `words` about the new password, and the link is still good; else as
        above.
        """
        least = self._policy.new_password
        with self._changing:  # no link is used twice at once
            found = self._found(question.token)
            if not isinstance(found, Link) or least is None:
                return NO_LINK if isinstance(found, Link) else found
            words = new_passwords.unfit(found.name, question.new, least)
            words = words or pam.set_new(self._service, found.name, question.new)
            if words:
                return {"answer": "refused", "words": words}
            links.forget(Path(layout.LINKS), found.name)
        say(f"{found.name} has set a password by a link")
        return {"answer": "set", "name": found.name}

    def reset(self, question: Reset) -> dict[str, Any]:
        """For somebody whose password was right: `made` with the `token`, and `until` when it is good; `refused` with
        `words`; or `wait`.
        """
        person, entry = Account.find(question.person), self._entry(question.person)
        words = resets.refusal(question.name, question.person) or why_not(person, entry)
        if words or person is None or entry is None or self._policy.new_password is None:
            say(f"{question.name} may make no link for {question.person!r}")
            return {"answer": "refused", "reason": "no link", "words": words or resets.NOT_HERE}
        if wait := self._made.begin(question.name, time.monotonic()):
            return {"answer": "wait", "seconds": wait}
        token, until = links.generate(), int(time.time()) + LASTS
        links.keep(Path(layout.LINKS), token, Link(person.name, person.uid, entry.fingerprint, until))
        say(f"{question.name} has made a link for {person.name}")
        return {"answer": "made", "token": token, "until": until}

    def _found(self, token: str) -> Link | dict[str, Any]:
        """The link if it is good; else the answer."""
        if wait := self._wrong.begin("", time.monotonic()):
            return {"answer": "wait", "seconds": wait}
        link = links.find(Path(layout.LINKS), token)
        if link is None or self._policy.new_password is None or not self._policy.admits(link.name):
            return NO_LINK
        account, entry = Account.find(link.name), self._entry(link.name)
        if account is None or entry is None or why_not(account, entry):
            return NO_LINK
        if (account.uid, entry.fingerprint) != (link.uid, link.fingerprint):
            return NO_LINK
        self._wrong.was_right("", time.monotonic())
        return link


def why_not(account: Account | None, entry: Entry | None) -> str:
    """Why no link sets the password of this account, in words; or ""."""
    if account is None or account.name == layout.PROBE_USER:
        return "There is no such person on this machine."
    if entry is None:
        return f"The account {account.name} comes from a directory, and its password is changed there."
    if entry.ended:
        return entry.ended
    if is_strong(account):
        return f"{account.name} can administer this machine itself. Only root sets that password."
    return ""
