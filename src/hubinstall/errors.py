"""Failures in words for people: what happened, then what to do."""

import errno

FULL = "A disk is full, or has no inodes left: `df -h` and `df -i` show which. Free some space, then run it again."
READ_ONLY = (
    "It is mounted read-only: run `mount -o remount,rw` on the mount point. If the kernel made it read-only (`dmesg`"
    " shows disk errors), repair the disk first. Then run it again."
)
BROKEN_DISK = "The disk reports errors (see `dmesg`): repair its file system or replace it, then run it again."
NO_NAMES = (
    "Host names cannot be resolved: check whether `getent hosts debian.org` works here, and what /etc/resolv.conf"
    " says. Then run it again."
)
OF_NUMBER = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY, errno.EIO: BROKEN_DISK}
"""What a person can do about system errors (errno(3)) that are not our bug."""
OF_WORDS = {
    "No space left on device": FULL,
    "Disk quota exceeded": FULL,
    "Read-only file system": READ_ONLY,
    "Input/output error": BROKEN_DISK,
    "failed to lookup address": NO_NAMES,
    "Temporary failure in name resolution": NO_NAMES,
    "Temporary failure resolving": NO_NAMES,
    "Name or service not known": NO_NAMES,
    "EAI_AGAIN": NO_NAMES,
    "ENOTFOUND": NO_NAMES,
}
"""The same, keyed by the messages of strerror(3), gai_strerror(3) and the programs that we run."""


class UserError(Exception):
    """A failure that is not a bug of ours: shown as message and hint, never with a traceback.

    `code` is the exit code of the command (cli/main.py says what each means).
    """

    def __init__(self, message: str, hint: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class CommandError(UserError):
    """A command ended with an exit code other than 0; the log has its whole output."""

    def __init__(self, argv: list[str], returncode: int, output: str) -> None:
        tail = output.strip().splitlines()[-15:]
        super().__init__(
            f"`{' '.join(argv)[:300]}` ended with exit code {returncode}", "\n".join([*tail, *cures(output)])
        )
        self.returncode = returncode
        self.output = output


class StalledError(CommandError):
    """A command made no progress for some seconds and was killed; the log says what it was doing."""

    def __init__(self, argv: list[str], seconds: float, output: str) -> None:
        super().__init__(argv, -9, f"{output}\nno progress for {seconds:.0f} s: killed")


def cures(output: str) -> list[str]:
    """What to do, if a command's output says what is wrong with the machine."""
    return list(dict.fromkeys(cure for sign, cure in OF_WORDS.items() if sign in output))


def of_system(error: OSError) -> UserError:
    """The system's refusal in words, with the file."""
    where = f"{error.filename}: " if error.filename else ""
    return UserError(f"{where}{error.strerror or error}", OF_NUMBER.get(error.errno or 0, ""))


BAD_CONFIGURATION = 78  # sysexits.h: EX_CONFIG
