"""Python packages that a site adds: as pip names them, or files on this machine."""

import re
from typing import Any

from hubinstall.settings.values.files import FILE_PATH
from hubinstall.settings.values.words import as_text, shown, wrong

_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,80}[A-Za-z0-9])?"
_VERSION = r"(===?|~=|!=|<=|>=|<|>) ?[A-Za-z0-9][A-Za-z0-9.*+!_-]{0,60}"
PACKAGE = rf"{_NAME}(\[{_NAME}(, ?{_NAME}){{0,9}}\])?( ?{_VERSION}(, ?{_VERSION}){{0,5}})?"
ARCHIVE = rf"{FILE_PATH}\.(whl|tar\.gz)"
REQUIREMENT = rf"({PACKAGE}|{ARCHIVE})"


def parse_requirement(value: Any) -> str:
    """No options of pip, no URLs: they would be fetched without an index that the site has chosen."""
    text = as_text(value, "a package", "jupyterhub-nativeauthenticator==1.3.0")
    if text.startswith("/") and not text.endswith((".whl", ".tar.gz")):
        raise wrong(f"{shown(text)} is no wheel", "try to build a wheel of it first")
    if len(text) > 400 or not re.fullmatch(REQUIREMENT, text):
        example = "name==1.0 or /srv/packages/name-1.0-py3-none-any.whl"
        raise wrong(f"{shown(text)} is not a package", f"try one such as {example}")
    return text
