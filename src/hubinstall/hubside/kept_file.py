"""The small files of the hub's state: each is replaced whole, and only when it has something else to say.

So people who were here before can start a server while the disk is full.
"""

from pathlib import Path


def keep(path: Path, text: str, mode: int) -> None:
    """The file's content and mode from now on. Raises OSError, and then the file is as it was."""
    encoded = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == encoded and path.stat().st_mode & 0o777 == mode:
        return
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(encoded)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
