"""Whether a server listens."""

import asyncio


async def listens(ip: str, port: int) -> bool:
    """Whether something accepts connections there, within 2 seconds."""
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(ip, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
