"""How the file browser deletes: for good, because nobody could empty a trash there.

Jupyter's own way fails for a link to a folder, as a share's in a home is one, and for folders that are read-only, as
those copied from a share can be.
"""

import contextlib
import os
from typing import Any

from anyio.to_thread import run_sync
from jupyter_core.paths import is_hidden
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

c: Any = globals()["get_config"]()


class Files(AsyncLargeFileManager):
    async def delete_file(self, path: str) -> None:
        os_path = self._get_os_path(path.strip("/"))
        if self.allow_hidden or not is_hidden(os_path, self.root_dir):
            with self.perm_to_403():
                if await run_sync(unlinked, os_path):
                    return
        try:
            await super().delete_file(path)
        except HTTPError as error:
            if error.status_code != 403:
                raise
            await run_sync(make_writable, os_path)
            await super().delete_file(path)


def unlinked(path: str) -> bool:
    """Whether it was a link, which is then gone."""
    link = os.path.islink(path)
    if link:
        os.unlink(path)
    return link


def make_writable(folder: str) -> None:
    """The folder and those below, as far as they are the person's own."""
    if not os.path.isdir(folder):
        return
    with contextlib.suppress(PermissionError):
        os.chmod(folder, 0o700)
    for above, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                if not os.path.islink(path := os.path.join(above, name)):
                    os.chmod(path, 0o700)


c.ServerApp.contents_manager_class = Files
