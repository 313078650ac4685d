"""The blocks of the tutorial and the how-tos: what is typed, what it prints, and which files it needs.

A fenced block has one of the languages of `LANGUAGES`:

- `sh`: commands, typed as root on the machine; they run in the order of the page.
- `text`: an excerpt of what the commands before it print; `…` stands for anything, 203.0.113.7 for the machine.
- any other: a file if its first line is a comment with its path. It is written there. YAML without a path is a part of
  config.yaml, which a unit test validates.

Comments of HTML before a block, which the site does not show, tell the machine suite more:

    <!-- not run: why this cannot be done on a test machine -->
    <!-- run by: the file of another test that does it -->
    <!-- systemd only: why it is nothing for other machines -->
    <!-- before: commands that make what the reader already has -->
    <!-- after: commands that remove what the page leaves -->
    <!-- exit code: 3 -->
"""

import re
from dataclasses import dataclass
from pathlib import Path

from checkout_path import CHECKOUT

DOCS = CHECKOUT / "docs"
FOLDERS = ("tutorial", "how-to")
LANGUAGES = ("sh", "text", "yaml", "python", "nginx", "ini", "dockerfile")
MARKS = ("not run", "run by", "systemd only", "before", "after", "exit code")

LAST = "how-to/your-own-image.md"

_FENCE = re.compile(r"^```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(rf"<!-- (?P<name>{'|'.join(MARKS)}): (?P<value>.*?) -->\n", re.DOTALL)
_PATH = re.compile(r"# (/\S+)\n")
_RAN: set["Block"] = set()
_OTHER_KIND: set["Block"] = set()


@dataclass(frozen=True)
class Block:
    """`line`: where the fence opens, counted from 1; `marks`: name and value of each comment before it."""

    page: str
    line: int
    language: str
    text: str
    marks: tuple[tuple[str, str], ...] = ()

    def mark(self, name: str) -> str:
        return dict(self.marks).get(name, "")

    @property
    def place(self) -> str:
        return f"docs/{self.page}:{self.line}"

    @property
    def path(self) -> str:
        """The path of the file; empty if the block is not a file with a path."""
        named = _PATH.match(self.text)
        return named[1] if named and self.language not in {"sh", "text"} else ""

    @property
    def elsewhere(self) -> bool:
        """Whether the test of the pages leaves it out."""
        return bool(self.mark("not run") or self.mark("run by"))

    @property
    def console(self) -> bool:
        """Whether people type it."""
        return self.language == "sh"


def pages() -> list[str]:
    """The pages of the tutorial and the how-tos, relative to docs; last the one whose way back takes minutes."""
    found = [str(path.relative_to(DOCS)) for name in FOLDERS for path in (DOCS / name).rglob("*.md")]
    return sorted(found, key=lambda page: (page == LAST, page))


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    return blocks_of(page, (DOCS / page).read_text(encoding="utf-8"))


def blocks_of(page: str, text: str) -> list[Block]:
    found = []
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(page, line, fence["language"], fence["text"], _marks(text[: fence.start()])))
    return found


def _marks(before: str) -> tuple[tuple[str, str], ...]:
    """The comments that end directly before the block."""
    found: list[tuple[str, str]] = []
    while before.endswith("-->\n"):
        start = before.rfind("<!-- ")
        if not (mark := _MARK.fullmatch(before[start:])):
            break
        found.insert(0, (mark["name"], mark["value"]))
        before = before[:start]
    return tuple(found)


def without_blocks(text: str) -> str:
    """The page's own words."""
    return _FENCE.sub("", text)


def unprinted(excerpt: str, printed: str) -> str:
    """The first line of `excerpt` that `printed` does not have, in this order; empty if it has all."""
    rest = _even(printed)
    for line in excerpt.splitlines():
        parts = [re.escape(part.strip()) for part in _even(line).split("…")]
        found = re.search(".*".join(parts), rest)
        if found is None:
            return line
        rest = rest[found.end() :]
    return ""


def _even(text: str) -> str:
    """With single blanks; the lines stay."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def note(block: Block) -> None:
    """Remember that the block has run on a machine."""
    _RAN.add(block)


def leave(block: Block) -> None:
    """Remember that the block is for another kind of machine."""
    _OTHER_KIND.add(block)


def told() -> list[str]:
    """What a test run says at its end; nothing if no page was drawn."""
    if not _RAN:
        return []
    every = [block for page in pages() for block in blocks(page) if block.console]
    drawn = {block.page for block in _RAN}
    due = [block for block in every if block.page in drawn and not block.elsewhere and block not in _OTHER_KIND]
    others = [block for block in every if block.mark("run by")]
    left = [block for block in every if block.mark("not run")]
    return [
        f"console blocks of {len(drawn)} of {len(pages())} pages: {len(_RAN)} of {len(due)} ran",
        f"run by other tests: {len(others)} of {len(every)} blocks; run by none: {len(left)}",
        *(f"  {block.place}: {' '.join(block.mark('not run').split())}" for block in left),
    ]


def source(page: str) -> Path:
    return DOCS / page
