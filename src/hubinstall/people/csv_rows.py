"""The rows of a CSV file as spreadsheets and databases write it: any usual encoding, separator and end of line."""

import csv
import io
import re
from dataclasses import dataclass

from hubinstall.errors import UserError

SEPARATORS = ";\t,|"
EXPORT_AGAIN = "In a spreadsheet: save as, CSV UTF-8. Nothing was changed."


@dataclass(frozen=True)
class Row:
    """`line`: where it begins in the file, from 1; `cells`: without spaces around."""

    line: int
    cells: tuple[str, ...]


def rows(content: bytes, name: str) -> list[Row]:
    """All rows that are not empty. Raises UserError if this is no CSV file; `name`: of the file, for messages."""
    text = decoded(content, name)
    separator, text = separated(text)
    found, line = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped):
                found.append(Row(line + 1, stripped))
            line = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"{name}:{line + 1}: a cell's quotation marks do not match ({error})", EXPORT_AGAIN, 2
        ) from None
    return found


def decoded(content: bytes, name: str) -> str:
    """The text, without a byte order mark. What is no UTF-8 is Windows-1252, as Excel writes it in western Europe."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UserError(f"{name} is a workbook, not a CSV file", EXPORT_AGAIN, 2)
    for codec in _codecs(content):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff")
    raise UserError(f"{name} is not a text file", EXPORT_AGAIN, 2)


def _codecs(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if b"\0" in content[:200]:  # UTF-16 without a mark: every other byte of plain letters is empty
        return ("utf-16-be",) if content[:1] == b"\0" else ("utf-16-le",)
    return ("utf-8-sig", "cp1252")


def separated(text: str) -> tuple[str, str]:
    """What separates cells, and the text without the line in which Excel says it (`sep=;`)."""
    if said := re.match(r'"?sep=(.)"?[ \t]*(\r\n|\r|\n)', text, re.IGNORECASE):
        # The line stays, empty, so that the numbers of the others are right.
        return said[1], f"{said[2]}{text[said.end() :]}"
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=plain.count) if any(one in plain for one in SEPARATORS) else ",", text
