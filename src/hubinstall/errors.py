"""What goes wrong in words for people: what happened, then what to do."""

import errno

FULL = "A disk is full, or may hold no more files: `df -h` and `df -i` show which. Make room, then run again."
READ_ONLY = (
    "It is mounted read-only: `mount -o remount,rw` and the mount point. When the kernel itself has done that (`dmesg`"
    " shows errors of the disk), mend the disk first; then run again."
)
BROKEN_DISK = "The disk gives errors (`dmesg`): mend its file system, or replace it; then run again."
NO_NAMES = (
    "Names of other machines cannot be looked up: see whether `getent hosts debian.org` works here, and what"
    " /etc/resolv.conf says; then run again."
)
OF_NUMBER = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY, errno.EIO: BROKEN_DISK}
"""What a person can do about errors of the system (errno(3)) that are no bug of ours."""
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
"""The same, by the words of strerror(3), gai_strerror(3) and the programs that we run."""


class UserError(Exception):
    """A failure that is not a bug of ours: shown as message and hint, never with a traceback.

    `code` is the exit code of the command (see cli.py for what each means).
    """

    def __init__(self, message: str, hint: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class CommandError(UserError):
    """A command ended with something other than 0; the whole of its output is in the log."""

    def __init__(self, argv: list[str], returncode: int, output: str) -> None:
        tail = output.strip().splitlines()[-15:]
        super().__init__(
            f"`{' '.join(argv)[:300]}` ended with exit code {returncode}", "\n".join([*tail, *cures(output)])
        )
        self.returncode = returncode
        self.output = output


class OverdueError(CommandError):
    """A command was not done in its time, in seconds, and was killed; the log says what it was at."""

    def __init__(self, argv: list[str], seconds: float, output: str) -> None:
        super().__init__(argv, -9, f"{output}\nstill running after {seconds:.0f} s: killed")


def cures(output: str) -> list[str]:
    """What to do about it, where a command's output says what is wrong with the machine."""
    return list(dict.fromkeys(cure for sign, cure in OF_WORDS.items() if sign in output))


def of_system(error: OSError) -> UserError:
    """What the system refused, and where."""
    where = f"{error.filename}: " if error.filename else ""
    return UserError(f"{where}{error.strerror or error}", OF_NUMBER.get(error.errno or 0, ""))


BAD_CONFIGURATION = 78  # sysexits.h: EX_CONFIG
