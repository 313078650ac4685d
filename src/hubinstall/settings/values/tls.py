"""The types of single settings of TLS. As those of values.py: parsed once, at the edge, and narrow."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from hubinstall.settings.values.base import LABEL, Domain, parse_list, schema, shown, type_name, wrong

_HOST = rf"({LABEL}(\.{LABEL})*|\[[0-9A-Fa-f:.]+\])"
ACME_SERVER = rf"https://{_HOST}(:[0-9]{{1,5}})?(/[A-Za-z0-9._~%+-]+)*/?"
FILE_PATH = r"(/[A-Za-z0-9._@+~=,-]{1,255})+"


def parse_acme_server(value: Any) -> str:
    """The URL of an ACME directory (RFC 8555, 7.1.1); never in the clear: the account's key signs what it says."""
    example = "try one such as https://acme.example.org/directory"
    if not isinstance(value, str):
        raise wrong(f"must be the address of an ACME directory, not {type_name(value)}", example)
    if value.startswith("http://"):
        raise wrong(f"{shown(value)} is not encrypted", f"try {shown('https' + value[4:])}")
    if len(value) > 400 or not re.fullmatch(ACME_SERVER, value):
        raise wrong(f"{shown(value)} is not the address of an ACME directory", example)
    return value


def parse_file_path(value: Any) -> str:
    """The absolute path of a file, of plain characters: it goes into units of systemd, too."""
    example = "try one such as /etc/ssl/private/hub.key"
    if not isinstance(value, str):
        raise wrong(f"must be the path of a file, not {type_name(value)}", example)
    if not value.startswith("/"):
        raise wrong(f"{shown(value)} is not a whole path", "try the path from the beginning, with / in front")
    if len(value) > 400 or not re.fullmatch(FILE_PATH, value) or {".", ".."} & set(value.split("/")):
        raise wrong(
            f"{shown(value)} cannot be a path here",
            "try one of letters, digits and `._@+~=,-`, without `..`, such as /etc/ssl/private/hub.key",
        )
    return value


AcmeServer = Annotated[str, BeforeValidator(parse_acme_server), schema("address of an ACME directory", ACME_SERVER)]
FilePath = Annotated[str, BeforeValidator(parse_file_path), schema("path of a file", FILE_PATH)]
Domains = Annotated[tuple[Domain, ...], BeforeValidator(parse_list)]
