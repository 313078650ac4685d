"""Tables as text, and the few statistics in them."""

import math
import platform
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from benchmarks import noise


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table with aligned columns: the first to the left, the others to the right."""
    lines = [list(head), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = [":" + "-" * (widths[0] - 1), *["-" * (width - 1) + ":" for width in widths[1:]]]
    print(f"\n{title}\n")
    for line in [lines[0], rule, *lines[1:]]:
        first, *rest = [cell if line is rule else _fill(cell, width) for cell, width in zip(line, widths, strict=True)]
        print("| " + " | ".join([first.rstrip() if line is rule else line[0].ljust(widths[0]), *rest]) + " |")


def rounds(totals: dict[str, list[float]]) -> None:
    """Print what each round took in all, by name, with the median."""
    head = ("", *(f"round {number + 1}" for number in range(len(next(iter(totals.values()))))), "median s")
    show("All in all", head, [(name, *values, median(values)) for name, values in totals.items()])


def heading(name: str) -> None:
    """Print what is measured, when, and on which host."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"# {name}\n\n{now}; {noise.describe()}; Linux {platform.release()}")


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def quantile(values: Iterable[float], part: float) -> float:
    """The smallest value that at least this fraction of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _fill(cell: str, width: int) -> str:
    return cell.rjust(width)
