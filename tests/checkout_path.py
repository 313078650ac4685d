"""Where the checkout is that is being tested."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
