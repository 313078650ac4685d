"""Small JSON files that this program keeps for itself. A hand that damages one gets words, not a traceback."""

import json
from typing import Any

from hubinstall.errors import UserError
from hubinstall.host import Host


def record(host: Host, path: str, hint: str) -> dict[str, Any]:
    """The object in the file, an empty one where there is no file.

    Raises UserError when something else is in it; `hint` says what is lost when the file is moved away.
    """
    try:
        found = json.loads(host.read(path) or b"{}")
    except ValueError as error:
        raise UserError(f"{path} cannot be read: {error}", hint) from error
    if not isinstance(found, dict):
        raise UserError(f"{path} cannot be read: an object belongs there, and it is {str(found)[:40]}", hint)
    return found
