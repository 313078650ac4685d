"""The shares that are there when a server starts. A file server that is away must hold neither the hub nor Docker,
which looks at the source of each mount: so a child asks it, and is left behind in the kernel where there is no answer.
"""

import asyncio
import contextlib
from collections.abc import Collection

from hubinstall.hubside import container
from hubinstall.hubside.shares import SharedFolder, mounted

PATIENCE = 2.0
"""Seconds that a start waits for a file server, once: it is not asked again while a question has no answer."""


class Elsewhere:
    """Remembers which questions have no answer yet."""

    def __init__(self) -> None:
        self._asking: dict[str, asyncio.Task[bool]] = {}

    async def present(
        self, shares: Collection[SharedFolder], groups: Collection[str]
    ) -> tuple[dict[str, bool], set[str]]:
        """What a server mounts of the shares (as `mounted` has it), and what it does not, because it is missing or does
        not answer: that does not prevent the start.
        """
        wanted = mounted(shares, groups)
        paths = [share.path for share in shares if share.path in wanted]
        there = dict(zip(paths, await asyncio.gather(*map(self.answers, paths)), strict=True))
        found = {folder for folder in wanted if there.get(folder, folder not in there and container.is_folder(folder))}
        return {folder: wanted[folder] for folder in wanted if folder in found}, wanted.keys() - found

    async def answers(self, folder: str) -> bool:
        """Whether it is a directory, and says so in time."""
        asked_before = folder in self._asking and not self._asking[folder].done()
        if not asked_before:
            self._asking[folder] = asyncio.create_task(_is_directory(folder))
        with contextlib.suppress(TimeoutError):
            patience = 0.0 if asked_before else PATIENCE
            return await asyncio.wait_for(asyncio.shield(self._asking[folder]), patience)
        return False


async def _is_directory(folder: str) -> bool:
    nothing = asyncio.subprocess.DEVNULL
    asked = await asyncio.create_subprocess_exec(
        "/usr/bin/test", "-d", folder, stdin=nothing, stdout=nothing, stderr=nothing
    )
    return await asked.wait() == 0
