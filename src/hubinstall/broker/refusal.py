"""Why a call is not made, in words that the person who waits, and the administrator, can read."""

import shlex


class RefusedError(Exception):
    """The call is not made. `line`: the item of `spawner.allow.docker` in config.yaml that would allow it, if any;
    `command`: what else would.
    """

    def __init__(self, what: str, line: str = "", *, command: str = "", status: int = 403) -> None:
        self.status = status
        if line:
            command = f"hubinstall config add-item spawner.allow.docker {shlex.quote(line)} --apply"
        hint = f" Its administrator can allow that: {command}" if command else ""
        super().__init__(f"hubinstall does not let the hub ask Docker for {what}.{hint}")


class BusyError(RefusedError):
    """Something that is lent is not there at the moment. `words`: for the person who waits."""

    def __init__(self, words: str) -> None:
        Exception.__init__(self, words)
        self.status = 409


class MalformedError(Exception):
    """It is no request that a client of ours writes: it is answered with 400, and the connection is closed."""
