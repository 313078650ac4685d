"""What tests run in cells of people's servers."""

TRIED = """
import os
def tried(act):
    try: return act()
    except OSError as error: return error.strerror
"""
"""`tried(act)`: what `act` returns, or the system's words for why that is not possible."""
