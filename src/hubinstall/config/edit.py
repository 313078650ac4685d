"""Change single values in a YAML file and keep every other character: comments, order and quoting.

The text is cut at the places that the parser reports. Then the new text is parsed again: if it does not have the
intended meaning, the change is refused. So unusual YAML can make an edit fail, but never make it wrong. The caller
checks whether the result is valid (`config.validate`).
"""

import re
from typing import Any

from hubinstall import layout
from hubinstall.config.explain import dotted
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.yaml.nodes import Items, Map, Node, Scalar, without
from hubinstall.config.yaml.parser import Document, parse
from hubinstall.config.yaml.writer import flow_text, key_text, quoted_text
from hubinstall.errors import UserError
from hubinstall.settings.values.words import shown

_KEY_PART = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([^.\"']+)")


def set_value(document: Document, key: str, value: Any) -> Document:
    """The file with `key` set. A `value` of type str is parsed as YAML (`2G`, `[a, b]`, `{group: x}`), others are data.

    Raises UserError if the key cannot be set, ConfigError if the file cannot be read.
    """
    path, data, root, text = path_of(key), _data(value, key), _root(document), document.text
    parents, node = _descend(root, path)
    new = (
        _replaced(text, parents[-1], path[-1], data) if node else _added(text, parents, path[len(parents) - 1 :], data)
    )
    return _checked(new, key, _with(root.data, path, data))


def unset(document: Document, key: str) -> Document:
    """The file without `key`. A section that becomes empty stays, and so do its comments. Raises UserError if `key` is
    not set.
    """
    path, root, text = path_of(key), _root(document), document.text
    parents, node = _descend(root, path)
    if node is None:
        raise UserError(f"{key} is not set", "Run `hubinstall config show` to see what is set.")
    pairs = list(parents[-1].pairs)
    index = next(i for i, (name, _) in enumerate(pairs) if name.text == path[-1])
    spans = [(name.place.start, _end(text, value)) for name, value in pairs]
    return _checked(_cut(text, spans, index, flow=parents[-1].flow), key, dict(without(root, path).data))


def add_item(document: Document, key: str, item: Any) -> Document:
    """The file with `item` at the end of the list `key`; the same document if the list already contains it."""
    path, data, root, text = path_of(key), _data(item, key), _root(document), document.text
    _, node = _descend(root, path)
    if node is None or node.data is None:
        return set_value(document, key, [data])
    nodes = _list(node, key)
    if data in [each.data for each in nodes]:
        return document
    expected = _with(root.data, path, [*(each.data for each in nodes), data])
    if isinstance(node, Items) and node.flow:
        at = _end(text, nodes[-1]) if nodes else node.place.start + 1
        return _checked(f"{text[:at]}{', ' if nodes else ''}{flow_text(data, nested=True)}{text[at:]}", key, expected)
    first = nodes[0].place.start
    dash = text[_line_start(text, first) : first]
    return _checked(_line_added(text, _end(text, nodes[-1]), [f"{dash}{flow_text(data)}"]), key, expected)


def remove_item(document: Document, key: str, item: Any) -> Document:
    """The file without `item` in the list `key`. Raises UserError if the list does not contain it."""
    path, data, root, text = path_of(key), _data(item, key), _root(document), document.text
    _, node = _descend(root, path)
    nodes = _list(node, key) if node is not None and node.data is not None else ()
    found = [index for index, each in enumerate(nodes) if each.data == data]
    if node is None or not found:
        raise UserError(f"{flow_text(data)} is not in {key}", "Run `hubinstall config show` to see what is set.")
    spans = [(each.place.start, _end(text, each)) for each in nodes]
    expected = _with(root.data, path, [each.data for index, each in enumerate(nodes) if index != found[0]])
    return _checked(_cut(text, spans, found[0], flow=isinstance(node, Items) and node.flow), key, expected)


def path_of(key: str) -> tuple[str, ...]:
    """The parts of a dotted key; one with a dot in it is in quotes. Raises UserError if it is no key."""
    parts, at = [], 0
    while match := _KEY_PART.match(key, at):
        double, single, bare = match.groups()
        parts.append(bare or single or re.sub(r"\\(.)", r"\1", double or ""))
        at = match.end()
        if at == len(key):
            return tuple(parts)
        if key[at] != ".":
            break
        at += 1
    raise UserError(f"{key!r} is not a key", 'Keys look like limits.memory or shares."a.b".access.', 2)


def _data(value: Any, key: str) -> Any:
    if not isinstance(value, str):
        return value
    document = parse(f"value: {value}")
    if document.faults or list(document.root.data) != ["value"]:
        reason = document.faults[0].message if document.faults else "it is more than one value"
        raise UserError(f"{key}: {shown(value)} is not a YAML value: {reason}", "Put quotes around it.", 2)
    return document.root.data["value"]


def _root(document: Document) -> Map:
    if document.faults:
        path = layout.CONFIG_FILE
        raise ConfigError(
            Problem(path, f.place.line, f.place.column, dotted(f.path), f.message, f.hint) for f in document.faults
        )
    return document.root


def _descend(root: Map, path: tuple[str, ...]) -> tuple[list[Map], Node | None]:
    """The maps on the way to `path`, as far as they exist, and the value if it exists."""
    parents = [root]
    for depth, name in enumerate(path):
        node = parents[-1].child(name)
        if node is None or depth == len(path) - 1:
            return parents, node
        if not isinstance(node, Map):
            if node.data is None:
                return parents, None
            raise UserError(f"{dotted(path[: depth + 1])} has no keys", "Set the whole value, or unset it first.")
        parents.append(node)
    return parents, None


def _list(node: Node, key: str) -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.nodes
    raise UserError(f"{key} is not a list", f"Use `hubinstall config set {key} VALUE`.")


def _with(data: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**data, name: _with(data.get(name) or {}, tuple(rest), value) if rest else value}


def _replaced(text: str, parent: Map, name: str, data: Any) -> str:
    pair = parent.pair(name)
    assert pair is not None
    node, end = pair[1], _end(text, pair[1])
    new = flow_text(data, nested=parent.flow)
    if isinstance(node, Scalar) and node.plain and not node.text:
        separator = ": " if parent.flow and text[node.place.start - 1] != ":" else " "
        return f"{text[: node.place.start]}{separator}{new}{text[node.place.start :]}"
    if isinstance(node, Scalar) and isinstance(data, str) and text[node.place.start] in "\"'":
        new = quoted_text(data, text[node.place.start])
    if isinstance(node, Scalar) or node.flow:
        return f"{text[: node.place.start]}{new}{text[end:]}"
    colon = text.index(":", pair[0].place.end) + 1
    return f"{text[:colon]} {new}{text[colon : _line_end(text, colon)]}{text[end:]}"


def _added(text: str, parents: list[Map], names: tuple[str, ...], data: Any) -> str:
    """Add a key that does not exist; `names` starts with the first that the last of `parents` lacks or has empty."""
    parent, (name, *rest) = parents[-1], names
    value = data
    for inner in reversed(rest):
        value = {inner: value}
    empty = parent.pair(name)
    if empty and (parent.flow or empty[1].place.start != empty[1].place.end):
        return _replaced(text, parent, name, value)
    if parent.flow:
        at = _end(text, parent.pairs[-1][1]) if parent.pairs else parent.place.start + 1
        comma = ", " if parent.pairs else ""
        return f"{text[:at]}{comma}{flow_text({name: value}, nested=True)[1:-1]}{text[at:]}"
    if empty:
        indent = " " * (empty[0].place.column + 1)
        return _line_added(text, empty[1].place.end, _lines(indent, rest, data))
    if not parent.pairs:
        return _line_added(text, len(text), _lines("", [name, *rest], data))
    first = parent.pairs[0][0].place.start
    indent = text[_line_start(text, first) : first]
    return _line_added(text, _end(text, parent), _lines(indent, [name, *rest], data))


def _lines(indent: str, names: list[str], data: Any) -> list[str]:
    heads = [f"{indent}{'  ' * depth}{key_text(name)}:" for depth, name in enumerate(names)]
    return [*heads[:-1], f"{heads[-1]} {flow_text(data)}"]


def _line_added(text: str, after: int, lines: list[str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", after) + 1
    head, tail = (text[:end], text[end:]) if end else (text, "")
    if head and not head.endswith("\n"):
        head += newline
    return f"{head}{''.join(line + newline for line in lines)}{tail}"


def _cut(text: str, spans: list[tuple[int, int]], index: int, *, flow: bool) -> str:
    start, end = spans[index]
    if not flow:
        after = text.find("\n", end) + 1
        return text[: _line_start(text, start)] + (text[after:] if after else "")
    if index:
        start = spans[index - 1][1]
    elif len(spans) > 1:
        end = spans[1][0]
    return text[:start] + text[end:]


def _end(text: str, node: Node) -> int:
    """The offset after the last character of a value (the parser's own end is after the comments that follow it)."""
    if isinstance(node, Scalar) or node.flow:
        return node.place.start + len(text[node.place.start : node.place.end].rstrip())
    return _end(text, node.pairs[-1][1] if isinstance(node, Map) else node.nodes[-1])


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _checked(text: str, key: str, expected: dict[str, Any]) -> Document:
    document = parse(text)
    if document.faults or _bare(document.root.data) != _bare(expected):
        raise UserError(
            f"{key} cannot be changed automatically, because of how the file is written",
            f"Edit {layout.CONFIG_FILE} by hand.",
        )
    return document


def _bare(data: Any) -> Any:
    """The same data with None for each empty list or map, because a section that becomes empty is left as `name:`."""
    if isinstance(data, dict):
        return {name: _bare(value) for name, value in data.items()} or None
    return [_bare(value) for value in data] or None if isinstance(data, list) else data
