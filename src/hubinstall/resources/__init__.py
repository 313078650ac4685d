"""The kinds of resources. One file per kind; knows nothing of JupyterHub."""

from hubinstall.resources.base import Resource
from hubinstall.resources.files import Directory, File, Link

KINDS: dict[str, type[Resource]] = {kind.kind: kind for kind in (File, Directory, Link)}
"""Every kind by its name in the ledger."""
