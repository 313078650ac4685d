"""A start that fails says why, on the page, in the progress events and through the API: whatever has failed."""

import contextlib
from collections.abc import Iterator
from typing import Any

from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from hubinstall.hubside import failures
from hubinstall.hubside.safe_start import API_HINT, Offer


class StartFailure(SpawnException):  # type: ignore[misc]  # JupyterHub has no types
    """A start that failed for a known reason: message and last log lines on the page, no traceback in the log.

    `offer`: the page also offers a safe start.
    """

    def __init__(self, message: str, log: str = "", status_code: int = 500, offer: Offer | None = None) -> None:
        plain, html = failures.shown(message, log, hint=API_HINT if offer else "")
        self.safe_start_offer = offer
        super().__init__(
            message, reason="Server did not start", log_message=plain, message_html=html, status_code=status_code
        )
        # What the spawn page, the progress events and the REST API show (jupyterhub.utils.format_exception).
        self.jupyterhub_message = plain
        self.jupyterhub_html_message = html


@contextlib.contextmanager
def reasons(log: Any) -> Iterator[None]:
    """Make a StartFailure of every error. JupyterHub shows only those: of an HTTPError it says that the last attempt
    failed, and of anything else that there was an error.
    """
    try:
        yield
    except SpawnException:
        raise
    except HTTPError as error:
        words = error.get_message() or error.reason or "It was refused."
        raise StartFailure(words, status_code=error.status_code) from error
    except Exception as error:
        log.exception("A start failed")
        words = f"Your server could not be started: {type(error).__name__}: {error}. Tell the people who run this hub."
        raise StartFailure(words) from error
