"""What goes wrong in words for people: what happened, then what to do."""


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
        tail = "\n".join(output.strip().splitlines()[-15:])
        super().__init__(f"`{' '.join(argv)[:300]}` ended with exit code {returncode}", tail)
        self.returncode = returncode
        self.output = output
