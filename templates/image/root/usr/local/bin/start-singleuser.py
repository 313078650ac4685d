#!/usr/bin/python3 -IS
"""A user's server for a hub, which says by JUPYTERHUB_SERVICE_URL where it shall listen."""

import os
import shlex
import sys

arguments = shlex.split(os.environ.get("NOTEBOOK_ARGS", "")) + sys.argv[1:]
os.execvp("jupyterhub-singleuser", ["jupyterhub-singleuser", *arguments])  # noqa: S606 - no shell is wanted
