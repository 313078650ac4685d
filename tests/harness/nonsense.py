"""Invalid configurations: the files in configs/bad, and generated ones that are too large to keep.

Each has its content and the start of the messages that people get ("2:9: domain: …"). In a file's expectation
`{keys of limits}` stands for that section's keys, `{names of limits}` for the same without the section, and
`{keys}` for those at the top of the file, so that a new setting changes none of these files.
"""

import re
from dataclasses import dataclass
from typing import Any

from checkout_path import CHECKOUT
from hubinstall.settings.model import Settings

FOLDER = CHECKOUT / "tests/configs/bad"
EXPECT = re.compile(rb"^# expect: (.*?)\r?$", re.MULTILINE)
KEYS = re.compile(r"\{(keys|names)(?: of ([a-z.]+))?\}")


@dataclass(frozen=True)
class Nonsense:
    """One file. Its name is CLASS-WHAT."""

    name: str
    content: bytes
    expected: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]


def kept() -> list[Nonsense]:
    """The files in configs/bad; their first lines say what is expected."""
    return [
        Nonsense(path.stem, data, tuple(KEYS.sub(_keys, line.decode()) for line in EXPECT.findall(data)))
        for path in sorted(FOLDER.glob("*.yaml"))
        for data in [path.read_bytes()]
    ]


def _keys(mention: re.Match[str]) -> str:
    section: Any = Settings
    for name in mention[2].split(".") if mention[2] else ():
        section = section.model_fields[name].annotation
    before = f"{mention[2]}." if mention[2] and mention[1] == "keys" else ""
    return ", ".join(f"{before}{name}" for name in section.model_fields)


def made() -> list[Nonsense]:
    """Large files, and files in another encoding."""
    too_large = ("1:1: has more than a million characters; ",)
    too_deep = "is nested more than 16 levels deep; "
    hub = "domain: hub.example.org\n"
    return [
        Nonsense("size-ten-megabytes", b"#" * 10_000_000, too_large),
        Nonsense("size-ten-megabytes-of-keys", b"domain: hub.example.org\n" * 416_667, too_large),
        Nonsense("size-ten-megabytes-of-nothing", bytes(10_000_000), too_large),
        Nonsense("size-four-megabytes-of-lines", b"\n" * 4_000_002, too_large),
        Nonsense("size-deep-brackets", b"domain: " + b"[" * 900_000, (f"1:25: {too_deep}",)),
        Nonsense("size-deep-braces", b"{a: " * 200_000, (f"1:69: {too_deep}",)),
        Nonsense("size-deep-dashes", b"- " * 400_000, (f"1:35: {too_deep}",)),
        Nonsense("size-one-long-line", b"domain: " + b"a" * 900_000, ("1:9: domain: 'aaaa",)),
        Nonsense("size-thousands-of-keys", b"".join(b"k%d: 1\n" % n for n in range(3000)), ("1:1: k0: unknown key; ",)),
        Nonsense(
            "size-thousands-of-names",
            b"users: {admin: [" + b"A/," * 2000 + b"]}",
            ("1:17: users.admin[0]: 'A/' cannot be the name of an account; try the name",),
        ),
        Nonsense("encoding-utf-16", hub.encode("utf-16"), ("1:1: is not UTF-8; ",)),
        Nonsense("encoding-utf-16-without-mark", hub.encode("utf-16-le"), ("1:2: contains the character U+0000; ",)),
        Nonsense("encoding-utf-32", hub.encode("utf-32"), ("1:1: is not UTF-8; ",)),
        Nonsense("encoding-ebcdic", hub.encode("cp500"), ("1:",)),
        Nonsense(
            "encoding-compressed", b"\x1f\x8b\x08\x00" + bytes(range(256)), ("1:1: contains the character U+001F; ",)
        ),
        Nonsense("encoding-program", b"\x7fELF\x02\x01\x01" + bytes(200), ("1:1: contains the character U+007F; ",)),
        Nonsense("encoding-old-mac", b"limits:\r  memory: much\r", ("2:11: limits.memory: ",)),
        Nonsense("encoding-windows", b"\xef\xbb\xbflimits:\r\n  memory: much\r\n", ("2:11: limits.memory: ",)),
        Nonsense(
            "yaml-a-thousand-aliases", b"a: &a [x]\nb: [" + b"*a," * 1000 + b"]\n", ("1:4: a: has an anchor (`&`); ",)
        ),
        Nonsense("yaml-a-thousand-documents", b"--- {}\n" * 1000, ("2:1: a second document starts here; ",)),
    ]


def everything() -> list[Nonsense]:
    return [*kept(), *made()]


KINDS = tuple(sorted({nonsense.kind for nonsense in everything()}))
