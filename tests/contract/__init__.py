"""What every kind of resource promises, tried on the fake host and on a machine by the same code.

Needs nothing but the package: on a machine it runs in the tool's own Python (`python -m contract systemd`).
"""
