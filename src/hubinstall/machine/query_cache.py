"""A cache of the machine's answers to queries that many resources share: all packages, all units, Docker itself."""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Answers:
    """Each query is sent once, by the first thread that needs it; others wait for the answer. Until it is cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Future[Any]] = {}

    def once(self, question: str, ask: Callable[[], T]) -> T:
        """The answer. What `ask` raises is raised in every waiting thread; the next call asks again."""
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

    def ahead(self, ask: Callable[[], object]) -> None:
        """Start queries in the background that will be needed anyway. Their errors are raised when they are needed."""

        def quietly() -> None:
            with contextlib.suppress(Exception):
                ask()

        threading.Thread(target=quietly, daemon=True).start()

    def forget(self) -> None:
        """Clear the cache, because the machine has changed. Later calls do not use the answers of running queries."""
        with self._lock:
            self._known = {}
