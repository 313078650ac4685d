"""Sizes and numbers."""

import re
from typing import Any

from hubinstall.settings.values.words import not_a_number, out_of_range, shown, type_name, wrong

GIB = 1024**3
MIB = 1024**2
_SIZE_UNITS = {"": 1, "K": 1024, "M": MIB, "G": GIB, "T": 1024 * GIB}
SIZE = r"[0-9]+(\.[0-9]+)?[KMGT]?"


def parse_size(value: Any) -> int:
    """The bytes of `2G`, `512M`, `1.5G` or a number of bytes; K, M, G and T are powers of 1024 (as in JupyterHub)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong(f"must be a size, not {type_name(value)}", "try 2G or 512M")
    if isinstance(value, int):
        return value
    if not re.fullmatch(SIZE, value):
        raise wrong(f"{shown(value)} is not a size", "try a number with K, M, G or T, such as 2G or 512M")
    unit = value[-1] if value[-1] in _SIZE_UNITS else ""
    number = value.removesuffix(unit)[:24]
    return int(float(number) * _SIZE_UNITS[unit])


def parse_memory(value: Any) -> int:
    """A size that is enough for a Jupyter server: an idle one with a kernel uses about 130 MB."""
    size = parse_size(value)
    if size < 128 * MIB:
        raise wrong(f"{shown(value)} is too little for a Jupyter server", "try 128M or more")
    if size > 64 * 1024 * GIB:
        raise wrong(f"{shown(value)} is more than any machine has", "try 2G or 512M")
    return size


def parse_shm(value: Any) -> int:
    """The size of /dev/shm; 0 would mean Docker's own default."""
    size = parse_size(value)
    if size < MIB:
        raise wrong(f"{shown(value)} is too small for shared memory", "try 1M or more")
    return size


def parse_quota(value: Any) -> int:
    """What a home may hold: Jupyter and pip want some of it for themselves."""
    size = parse_size(value)
    if size < 10 * MIB:
        raise wrong(f"{shown(value)} is too little for a home", "try 10M or more")
    if size > 64 * 1024 * 1024 * GIB:
        raise wrong(f"{shown(value)} is more than any disk has", "try 10G or 1T")
    return size


def parse_upload(value: Any) -> int:
    """The bytes of the largest request: at least a megabyte, because saving a notebook is one request."""
    size = parse_size(value)
    if size < MIB:
        raise wrong(f"{shown(value)} is too small to save a notebook", "try 1M or more")
    if size > 1024 * GIB:
        raise wrong(f"{shown(value)} is too large", "try 1T or less")
    return size


LEAST_CPUS, MOST_CPUS = 0.01, 1024


def parse_cpus(value: Any) -> Any:
    """A number of cores, or of their parts."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(*not_a_number(value))
    if not LEAST_CPUS <= value <= MOST_CPUS and abs(value) < float("inf"):
        raise wrong(*out_of_range(value, LEAST_CPUS, MOST_CPUS))
    return value
