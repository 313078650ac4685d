# Made by hubinstall. Your own additions belong in {{ dropins }}/*.py, which are read at the end.
from hubinstall.hubside.config import configure

configure(get_config())  # noqa: F821 - JupyterHub defines it
