"""HTTP/1.1 as Docker's client for Python writes it: what could be read in two ways is refused."""

import re
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import parse_qsl

from hubinstall.broker.refusal import MalformedError

LINE = 8192
"""Bytes of the longest line of a header."""
HEADERS = 64
BODY = 1 << 20
"""Bytes of the largest body: a container's description."""
_REQUEST = re.compile(rb"(GET|HEAD|POST|DELETE|PUT) (/[A-Za-z0-9_.:@/-]*)(?:\?([!-~]*))? HTTP/1\.1")
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,64}):[ \t]*([\t -~]*?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,7}")
_FORBIDDEN = ("transfer-encoding", "upgrade", "expect", "trailer", "te", "content-encoding")


@dataclass(frozen=True)
class Request:
    """`path` has no percent sign, no empty part and no dots alone; `query` has each name once."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def read_request(stream: BinaryIO) -> Request | None:
    """The next request; None if the client has closed the connection. Raises MalformedError."""
    first = stream.readline(LINE + 1)
    if not first:
        return None
    found = _REQUEST.fullmatch(_line(first))
    if not found:
        raise MalformedError("the request line")
    path = found[2].decode("ascii")
    if any(part in {"", ".", ".."} for part in path[1:].split("/")):
        raise MalformedError("the path")
    headers = _headers(stream)
    length = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(length) or int(length) > BODY:
        raise MalformedError("the length of the body")
    body = stream.read(int(length))
    if len(body) != int(length):
        raise MalformedError("the body: it ends early")
    return Request(found[1].decode("ascii"), path, _query((found[3] or b"").decode("ascii")), headers, body)


def _line(line: bytes) -> bytes:
    if len(line) > LINE or not line.endswith(b"\r\n"):
        raise MalformedError("the end of a line")
    return line[:-2]


def _headers(stream: BinaryIO) -> dict[str, str]:
    found: dict[str, str] = {}
    while line := _line(stream.readline(LINE + 1)):
        header = _HEADER.fullmatch(line)
        if not header or len(found) >= HEADERS:
            raise MalformedError("a header")
        name = header[1].decode("ascii").lower()
        if name in found or name in _FORBIDDEN:
            raise MalformedError(f"the header {name}")
        found[name] = header[2].decode("ascii")
    return found


def _query(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=16)
    except ValueError as error:
        raise MalformedError("the query") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("the query: a name is there twice")
    return found
