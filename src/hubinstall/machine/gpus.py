"""The machine's GPUs, as NVIDIA's driver lists them."""

import re

from hubinstall.machine.host import Host

_LINE = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[0-9a-fA-F-]{8,60})\)\s*$", re.MULTILINE)
"""Of `nvidia-smi -L`. Parts of a card (MIG) are indented below it, and not counted."""


def gpus(host: Host) -> tuple[str, ...]:
    """The UUID of each; empty without the driver."""
    if host.which("nvidia-smi") is None:
        return ()
    return tuple(_LINE.findall(host.query(["nvidia-smi", "-L"], check=False).stdout))
