"""The path of the checkout under test."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
