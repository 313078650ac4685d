"""What the machine has answered to questions that hold for many resources: all packages, all units, Docker itself."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Answers:
    """Each question is asked once, by whoever comes first; others wait for the answer. Until all are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Future[Any]] = {}

    def once(self, question: str, ask: Callable[[], T]) -> T:
        """The answer. What `ask` raises reaches all who wait for it, and the next one asks again."""
        with self._lock:
            answer = self._known.get(question)
            if mine := answer is None:
                answer = self._known[question] = Future()
        if mine:
            try:
                answer.set_result(ask())
            except BaseException as error:
                with self._lock:
                    if self._known.get(question) is answer:
                        del self._known[question]
                answer.set_exception(error)
                raise
        found: T = answer.result()
        return found

    def ahead(self, look: Callable[[], object]) -> None:
        """Begin a look whose questions will be asked anyway. What it raises is left to who asks then."""

        def quietly() -> None:
            with contextlib.suppress(Exception):
                look()

        threading.Thread(target=quietly, daemon=True).start()

    def forget(self) -> None:
        """The machine has changed. What is being asked now is no answer for who asks from here on."""
        with self._lock:
            self._known = {}
