"""Write data as YAML on one line."""

import json
import math
import re
from typing import Any

from hubinstall.config.yaml.nodes import resolve

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+-]*(:[A-Za-z0-9_./@+-]+)*")
_MARKERS = {"---", "..."}


def flow_text(data: Any, *, nested: bool = False) -> str:
    """YAML that means exactly `data`; `nested` if it is inside brackets or braces."""
    if isinstance(data, dict):
        pairs = (f"{key_text(name)}: {flow_text(value, nested=True)}" for name, value in data.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(data, list | tuple):
        return f"[{', '.join(flow_text(item, nested=True) for item in data)}]"
    if isinstance(data, str):
        plain = _PLAIN.fullmatch(data) and not (nested and ":" in data) and resolve(data) == data
        return data if plain and data not in _MARKERS else json.dumps(data, ensure_ascii=False)
    if isinstance(data, float) and not math.isfinite(data):
        return ".nan" if math.isnan(data) else f"{'-' if data < 0 else ''}.inf"
    return json.dumps(data)


def key_text(name: str) -> str:
    """A key in YAML. Keys are always text, so a number needs no quotes."""
    plain = _PLAIN.fullmatch(name) and ":" not in name and name not in _MARKERS
    return name if plain else json.dumps(name, ensure_ascii=False)


def quoted_text(text: str, quotes: str) -> str:
    """A text in the quotes that the person chose, if these can contain it."""
    single = quotes == "'" and text.isprintable()
    return "'" + text.replace("'", "''") + "'" if single else json.dumps(text, ensure_ascii=False)
