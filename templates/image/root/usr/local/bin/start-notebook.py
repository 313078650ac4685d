#!/usr/bin/python3 -IS
"""The image's command: a user's server where a hub asks for one, else JupyterLab by itself."""

import os
import shlex
import sys

if "JUPYTERHUB_API_TOKEN" in os.environ:
    command = ["start-singleuser.py"]
else:
    command = ["jupyter", os.environ.get("DOCKER_STACKS_JUPYTER_CMD", "lab")]
    command += shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))
os.execvp(command[0], command + sys.argv[1:])  # noqa: S606 - no shell is wanted
