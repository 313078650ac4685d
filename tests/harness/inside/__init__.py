"""Programs that tests run in a person's server; each prints JSON."""

from pathlib import Path

CALLS, CAGE, WORK = (Path(__file__).with_name(f"{name}.py") for name in ("calls", "cage", "work"))
