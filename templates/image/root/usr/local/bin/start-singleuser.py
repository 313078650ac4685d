#!/usr/bin/python3
"""A user's server for a hub, which says by JUPYTERHUB_SERVICE_URL where it shall listen: jupyterhub-singleuser.

JupyterHub 6 imports the hub's own half with it, handlers and database (sqlalchemy, alembic), for the names of two
classes and for functions that a server never calls: a quarter of the time in which a server starts, and a third of
its memory. Here it is loaded when it is first used, which is never.
"""

import os
import shlex
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Unused(ModuleType):
    """Stands for a module that is imported and not used. A name asked of it that it lacks loads the real one."""

    def __getattr__(self, name: str) -> Any:
        # What importing itself asks for; of a package also where the modules below it are, and then it is wanted.
        if name in {"__spec__", "__file__"} or (name == "__path__" and not self.is_package):
            raise AttributeError(name)
        for stub in [module for module in sys.modules.values() if isinstance(module, Unused)]:
            del sys.modules[stub.__name__]
        real = import_module(self.__name__)
        self.__dict__.update(real.__dict__)
        return getattr(real, name)


def leave_out(name: str, *, is_package: bool = False, **classes: type) -> None:
    """`classes`: what others import from it by name."""
    module = Unused(name)
    module.__dict__.update(classes, is_package=is_package)
    sys.modules[name] = module


def main() -> None:
    leave_out("sqlalchemy", is_package=True)
    leave_out("sqlalchemy.exc", SQLAlchemyError=type("SQLAlchemyError", (Exception,), {}))
    leave_out("jupyterhub.orm")
    leave_out("jupyterhub.roles")
    leave_out("jupyterhub.handlers", is_package=True)
    leave_out("jupyterhub.handlers.pages", HealthCheckHandler=type("HealthCheckHandler", (), {}))
    from jupyterhub.singleuser import main as singleuser  # noqa: PLC0415 - only now

    sys.argv[:] = ["jupyterhub-singleuser", *shlex.split(os.environ.get("NOTEBOOK_ARGS", "")), *sys.argv[1:]]
    sys.exit(singleuser())


if __name__ == "__main__":
    main()
