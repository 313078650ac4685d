"""Programs that tests run in a person's server, or as the hub; each prints JSON."""

from pathlib import Path

CALLS, CAGE, HIJACK, WORK = (Path(__file__).with_name(f"{name}.py") for name in ("calls", "cage", "hijack", "work"))
