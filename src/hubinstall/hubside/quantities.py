"""Sizes and times in words, the same on the command line and on the hub's pages."""

MIB, GIB = 1 << 20, 1 << 30


def size(number: float) -> str:
    """`number`: bytes."""
    return f"{number / GIB:.1f}G" if number >= GIB else f"{number / MIB:.0f}M"


def of(used: int, limit: int) -> str:
    """Bytes, beside a limit unless that is 0."""
    return f"{size(used)} of {size(limit)}" if limit else size(used)


def ago(seconds: float) -> str:
    """How long since, in one unit; the hub writes activity down about once a minute."""
    if seconds < 60:
        return "now"
    for unit, length, most in (("min", 60, 120), ("h", 3600, 48)):
        if seconds < length * most:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds / 86400:.0f} d ago"
