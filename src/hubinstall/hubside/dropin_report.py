"""What the hub says about its drop-ins when it starts: in its log, and in a file for apply, status and verify."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from hubinstall import layout
from hubinstall.hubside.dropin_rules import Remark


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
    path = Path(layout.DROPIN_REPORT)
    temporary = path.with_suffix(".new")
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)
