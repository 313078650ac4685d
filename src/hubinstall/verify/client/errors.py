"""Failures of the hub's client: which step failed, and what was found instead."""

import html
import re
import ssl
from typing import TYPE_CHECKING

from hubinstall.errors import UserError

if TYPE_CHECKING:
    import httpx

NOT_VALID_YET = 9
"""X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL's x509_vfy.h."""
WORDS = 400
"""How many characters of a page are shown."""


class HubError(UserError):
    """A step that a person would take failed.

    `status` is the HTTP status, if there was an answer; `late`: the request was accepted, but no answer came in time.
    """

    def __init__(
        self, step: str, message: str, status: int | None = None, hint: str = "", *, late: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.late = late
        self.step = step
        self.status = status


def raise_for(response: "httpx.Response", step: str) -> None:
    """Raise HubError for a status of 400 and above."""
    if response.status_code < 400:
        return
    path = response.url.path
    message = f"{response.request.method} {path} was answered with {response.status_code}: {plain_text(response)}"
    raise HubError(step, message, response.status_code)


def plain_text(response: "httpx.Response") -> str:
    """The text of an answer (an error page, a form with an error, a JSON message), shortened."""
    if "json" in response.headers.get("Content-Type", ""):
        try:
            body = response.json()
        except ValueError:
            body = {}
        if isinstance(body, dict):
            return shortened(str(body.get("message") or "")) or response.reason_phrase
    return shortened(_of_page(response.text)) or response.reason_phrase


def _of_page(page: str) -> str:
    for pattern in (r'<p class="login_error">(.*?)</p>', r'<div class="error">(.*?)</div>', r"<body.*?>(.*?)</body>"):
        if found := re.search(pattern, page, re.DOTALL):
            page = found[1]
            break
    # The hub's pages end with dialogs that are not shown yet.
    page = page.partition('<div class="modal')[0]
    page = re.sub(r"<(script|style|noscript|nav)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def shortened(text: str) -> str:
    """The text, shortened; line breaks stay, since it may contain the end of a container's log."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    words = "\n".join(line for line in lines if line)
    return words if len(words) <= WORDS else f"{words[: WORDS // 2]} … {words[-WORDS // 2 :]}"


def tls_hint(error: BaseException) -> str:
    """A hint if the certificate is the problem; otherwise empty."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code == NOT_VALID_YET:
                return (
                    "It is not valid yet: this machine's clock is slow, or was fast when the certificate was made. Set"
                    " the clock (see `timedatectl`), and run `hubinstall apply`; it replaces a self-signed certificate."
                )
            return "The server shows another certificate than the expected one, or it has expired."
        cause = cause.__cause__ or cause.__context__
    return ""
