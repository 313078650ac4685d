"""Test machines: Debian roots booted in systemd-nspawn, each in a network of its own.

A machine is an argv prefix and an address; everything that the suite knows of one is `machine.Machine`.
"""
