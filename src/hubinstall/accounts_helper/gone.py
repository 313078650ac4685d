"""Lock the account of somebody whom the sign-on no longer knows, and unlock it when they sign on again.

An account that has expired is closed at every door of the machine, also for a key of ssh (usermod(8), --lock). The day
on which it has says that it was locked here: what an administrator has locked stays locked.
"""

import threading
from collections.abc import Callable
from typing import Any

from hubinstall.accounts_helper import tools
from hubinstall.accounts_helper.log import say
from hubinstall.accounts_helper.making import made_here
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.shadow import GONE, Entry

NEVER = -1


class Gone:
    """`entry`: what /etc/shadow says of an account now; `changing`: held while that is changed."""

    def __init__(self, policy: Policy, entry: Callable[[str], Entry | None], changing: threading.Lock) -> None:
        self._policy, self._entry, self._changing = policy, entry, changing

    def lock(self, name: str) -> dict[str, Any]:
        """`locked`, also if it was; `kept` if the account was not made here, an administrator has given it a day, or it
        could not be locked.
        """
        entry = self._ours(name)
        if entry is None or entry.expires not in {NEVER, GONE}:
            return {"answer": "kept"}
        if entry.expires == NEVER and not self._expire(name, str(GONE)):
            return {"answer": "kept"}
        return {"answer": "locked"}

    def unlock(self, name: str) -> Entry | None:
        """What holds of the account of somebody who has signed on: unlocked, if it was locked here."""
        entry = self._ours(name)
        if entry and entry.expires == GONE:
            self._expire(name, "")
        return self._entry(name)

    def _ours(self, name: str) -> Entry | None:
        known = self._policy.making is not None and self._policy.admits(name) and made_here(name)
        return self._entry(name) if known else None

    def _expire(self, name: str, day: str) -> bool:
        try:
            with self._changing:
                tools.run("usermod", "--expiredate", day, name)
        except tools.ToolError as error:
            say(f"The account {name} could not be {'locked' if day else 'unlocked'}: {error}")
            return False
        done = "Locked" if day else "Unlocked"
        say(f"{done} the account {name}: the sign-on knows its person {'no longer' if day else 'again'}")
        return True
