"""Passes connections to a TCP port on to a unix socket: `relay.py PORT SOCKET`. For who wants to go past nginx."""

import asyncio
import contextlib
import sys


async def main() -> None:
    port, socket = int(sys.argv[1]), sys.argv[2]

    async def passes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(socket)
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(passes, "0.0.0.0", port)  # noqa: S104 - of a test machine
    print("listening", flush=True)
    await server.serve_forever()


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main())
