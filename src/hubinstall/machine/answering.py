"""Questions about places that others own or serve: a home may be closed, full, changed meanwhile, or on a file server
that is away. Nothing that a run asks there may end or hang it.
"""

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Answer = TypeVar("Answer")

PATIENCE, LESS = 5.0, 0.2
"""Seconds for an answer, until one place has been silent and after that: one server usually serves them all."""


def each(
    places: Iterable[str], ask: Callable[[str], Answer], patience: float = PATIENCE
) -> dict[str, Answer | OSError]:
    """What `ask` says of each place, in order, or the error that it raised: TimeoutError if there is no answer.

    A thread asks, and is left behind where a dead file server holds it in the kernel. It ends with the program.
    """
    found: dict[str, Answer | OSError] = {}
    left = list(dict.fromkeys(places))
    while left:
        answers: queue.SimpleQueue[Answer | OSError] = queue.SimpleQueue()
        threading.Thread(target=_ask, args=(tuple(left), ask, answers), daemon=True).start()
        while left:
            try:
                found[left[0]] = answers.get(timeout=patience)
            except queue.Empty:
                found[left.pop(0)] = TimeoutError("it does not answer")
                patience = min(patience, LESS)
                break  # the thread is lost: another one asks about the rest
            left.pop(0)
    return found


def _ask(places: Iterable[str], ask: Callable[[str], Answer], answers: "queue.SimpleQueue[Answer | OSError]") -> None:
    for place in places:
        try:
            answers.put(ask(place))
        except OSError as error:
            answers.put(error)
