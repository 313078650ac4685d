"""Prints, as JSON, which Python an image has, and which packages are installed in it."""

import importlib.metadata
import json
import sys

found = {package.metadata["Name"]: package.version for package in importlib.metadata.distributions()}
print(json.dumps({"python": "{}.{}".format(*sys.version_info), "packages": found}, sort_keys=True))
