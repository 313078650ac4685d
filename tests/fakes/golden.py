"""Rendered files held against the ones that were read and approved; HUBINSTALL_GOLDEN=write renews them."""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden"


def check(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("HUBINSTALL_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text(), f"{path} differs: read the difference, then run with HUBINSTALL_GOLDEN=write"
