"""How fast a machine is beside the test host: measured, so that no test types in how slow an emulated one may be."""

import time
from collections.abc import Sequence
from functools import cache

from harness.commands import execute

LOOP = "x = 0\nfor i in range(1_000_000): x += i * i"
TIMED = f"import time\nbegan = time.perf_counter()\n{LOOP}\nprint(time.perf_counter() - began)"
TRIES = 3


def of(prefix: Sequence[str]) -> float:
    """By how much times are to be multiplied on the machine behind `prefix`; at least 1."""
    there = min(float(execute([*prefix, "python3", "-c", TIMED]).out) for _ in range(TRIES))
    return max(1.0, there / _here())


@cache
def _here() -> float:
    def once() -> float:
        began = time.perf_counter()
        exec(LOOP, {})  # noqa: S102 - the same text as there, not compiled into a function, which would be faster
        return time.perf_counter() - began

    return min(once() for _ in range(TRIES))
