"""What the hub says about its drop-ins when it starts: in its log, and in a file for apply, status and verify."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside import kept_file
from hubinstall.hubside.dropin_rules import Remark

MODE = 0o600


def write(sign_on: str, files: Mapping[str, str], remarks: Iterable[Remark], *, culler: str) -> None:
    """`sign_on`: the name of a drop-in's authenticator; empty if it is ours. `files`: path → SHA-256. `culler`: the
    name of a drop-in's service that stops idle servers; empty if it is ours.
    """
    told = sorted(set(remarks))
    for remark in told:
        sys.stderr.write(f"hubinstall: warning: {remark}\n")
    warnings = [asdict(remark) for remark in told]
    said = {"authenticator": sign_on, "culler": culler, "files": dict(files), "warnings": warnings}
    text = json.dumps(said, indent=1)
    try:
        kept_file.keep(Path(layout.DROPIN_REPORT), f"{text}\n", MODE)
    except OSError as error:  # a full disk keeps no hub from starting
        sys.stderr.write(f"hubinstall: warning: {layout.DROPIN_REPORT} was not written: {error}\n")
