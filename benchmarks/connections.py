"""Requests over keep-alive connections, as in browsers, and nothing else: a load generator that costs little.

A general HTTP client needs milliseconds for a request, and on a test host with two cores it would take that time from
what is measured.
"""

import asyncio
import ssl


class Connections:
    """Connections to one server, one for each simultaneous request. Of a response only the status code is returned."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        self._address, self._context = address, context
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str, headers: dict[str, str]) -> int:
        """Raises OSError, IncompleteReadError or ValueError if the connection ends or the response is invalid."""
        return await self._ask(f"GET {path}", headers, "")

    async def post(self, path: str, headers: dict[str, str], form: str) -> int:
        """Send a form, as application/x-www-form-urlencoded; raises like `get`."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form.encode()))}
        return await self._ask(f"POST {path}", {**headers, **kind}, form)

    async def _ask(self, what: str, headers: dict[str, str], body: str) -> int:
        lines = [f"{name}: {value}\r\n" for name, value in {"Host": self._address, **headers}.items()]
        request = f"{what} HTTP/1.1\r\n{''.join(lines)}\r\n{body}".encode()
        kept = bool(self._free)
        reader, writer = self._free.pop() if kept else await self._open()
        try:
            writer.write(request)
            status = await reader.readline()
            if not status and kept:
                # The server may have closed it meanwhile; a browser would also open another one.
                writer.close()
                reader, writer = await self._open()
                writer.write(request)
                status = await reader.readline()
            stays = await _skip(reader)
            code = int(status.split()[1]) if status else 0
        except BaseException:
            writer.close()
            raise
        if stays:
            self._free.append((reader, writer))
        else:
            writer.close()
        if not code:
            raise ConnectionError("closed without an answer")
        return code

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._address, 443, ssl=self._context, limit=1 << 20)


async def _skip(reader: asyncio.StreamReader) -> bool:
    """Read the rest of a response; returns whether the connection can be used again."""
    headers: dict[str, str] = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        while length := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(length + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(headers.get("content-length", "0")))
    return bool(headers) and headers.get("connection", "").lower() != "close"
