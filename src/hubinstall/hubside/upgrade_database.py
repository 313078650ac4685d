"""Copy the hub's database, and bring the copy into the form of the JupyterHub that runs this: DATABASE COPY"""

import contextlib
import os
import sqlite3
import sys

from jupyterhub import dbutil


def main(database: str, copy: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    os.chmod(copy, os.stat(database).st_mode & 0o777)
    # JupyterHub calls `alembic`, which lies beside this Python.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    dbutil.upgrade(f"sqlite:///{copy}")


if __name__ == "__main__":
    main(*sys.argv[1:])
