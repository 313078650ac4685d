"""The answer to each question, as JSON's values."""

import threading
import time
from collections.abc import Callable
from typing import Any

from hubinstall import layout
from hubinstall.accounts_helper import new_passwords, pam, questions
from hubinstall.accounts_helper.allowance import Allowance
from hubinstall.accounts_helper.by_link import ByLink
from hubinstall.accounts_helper.gone import Gone
from hubinstall.accounts_helper.making import ADMINISTRATOR, Maker
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.questions import Change, First, Password, Question, Reset, States, Wanted, Whose
from hubinstall.accounts_helper.shadow import Entry, Shadow

CHECKS = 16
"""Passwords that are checked at once, as many as the hub asks for."""
ELSEWHERE = (
    "Your account comes from a directory of your organization, and its password is changed there. Ask the people who"
    " run this hub where that is."
)


class Answers:
    """Asks PAM and /etc/shadow, about people's accounts only, and makes some."""

    def __init__(self, policy: Policy, service: str = layout.PAM_SERVICE) -> None:
        self._policy, self._service = policy, service
        self._shadow = Shadow()
        self._reading, self._changing = threading.Lock(), threading.Lock()
        self._allowance = Allowance()
        self._places = threading.BoundedSemaphore(CHECKS)
        self._maker = Maker(policy)
        self._gone = Gone(policy, self._entry, self._changing)
        self._by_link = ByLink(policy, service, self._entry, self._changing)
        self._answers: dict[type[Question], Callable[[Any], dict[str, Any]]] = {
            Password: self._password, Change: self._change, Wanted: self._account, States: self._states,
            Whose: self._by_link.whose, First: self._by_link.first, Reset: self._reset,
            questions.Gone: lambda question: self._gone.lock(question.name),
        }  # fmt: skip

    def to(self, question: Question) -> dict[str, Any]:
        return self._answers[type(question)](question)

    def _reset(self, question: Reset) -> dict[str, Any]:
        """As for a password; if it is right, as ByLink.reset."""
        known = self._password(Password(question.name, question.password))
        return self._by_link.reset(question) if known["answer"] == "accepted" else known

    def _password(self, question: Password) -> dict[str, Any]:
        """One of `accepted`, `refused` with `reason` and `words`, `wait` with seconds, `no person`."""
        name = question.name
        if not self._policy.admits(name):
            return {"answer": "no person"}
        with self._places:
            if wait := self._allowance.begin(name, time.monotonic()):
                return {"answer": "wait", "seconds": wait}
            refused = pam.refusal(self._service, name, question.password)
        if refused is None or refused.words:
            self._allowance.was_right(name, time.monotonic())
        if refused is None:
            return {"answer": "accepted"}
        return {"answer": "refused", "reason": refused.reason, "words": refused.words}

    def _change(self, question: Change) -> dict[str, Any]:
        """`changed` with the new `fingerprint`; else as for a password, or `refused` with `words` about the new one."""
        name, least = question.name, self._policy.new_password
        if least is None or name == layout.PROBE_USER or not self._policy.admits(name):
            return {"answer": "no person"}
        known = self._password(Password(name, question.password))
        if known["answer"] != "accepted":
            return known
        words = "" if self._entry(name) else ELSEWHERE
        words = words or new_passwords.refusal(name, question.password, question.new, least)
        with self._changing:  # the lock of /etc/shadow is a process's, not a thread's
            words = words or pam.change(self._service, name, question.password, question.new)
            entry = self._entry(name)
        if words or entry is None:
            return {"answer": "refused", "reason": "the new password", "words": words or ELSEWHERE}
        return {"answer": "changed", "fingerprint": entry.fingerprint}

    def _account(self, question: Wanted) -> dict[str, Any]:
        """As Maker.answer; one that was locked or has expired since is refused, but for who was gone and is back."""
        answer = self._maker.answer(question.name, question.of)
        if answer["answer"] == "account":
            entry = self._gone.unlock(question.name)
            if entry and entry.ended:
                return {"answer": "refused", "words": f"{entry.ended} {ADMINISTRATOR}"}
        return answer

    def _entry(self, name: str) -> Entry | None:
        with self._reading:
            return self._shadow.entry(name)

    def _states(self, question: States) -> dict[str, Any]:
        """Name → fingerprint and why the account has ended; null for what is not in /etc/shadow, or is no person's."""
        found: dict[str, Any] = {}
        with self._reading:
            for name in question.names:
                entry = self._shadow.entry(name)
                admitted = entry is not None and self._policy.admits(name)
                found[name] = {"fingerprint": entry.fingerprint, "ended": entry.ended} if entry and admitted else None
        return {"answer": "states", "states": found}
