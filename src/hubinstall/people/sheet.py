"""The list of first passwords that an import hands out: as a table, and as a page to print and to cut."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>First passwords</title>
<style>
body {{ font: 12pt sans-serif; margin: 1cm; }}
section {{ border-bottom: 1px dashed #888; break-inside: avoid; padding: 4mm 0; }}
h2 {{ font-size: 13pt; margin: 0 0 2mm; }}
dl {{ display: grid; grid-template-columns: 3cm auto; margin: 0; row-gap: 1mm; }}
dd {{ font-family: monospace; margin: 0; }}
</style>
</head>
<body>
{people}
</body>
</html>
"""
PERSON = """<section>
<h2>{who}</h2>
<dl><dt>Address</dt><dd>{address}</dd><dt>Name</dt><dd>{name}</dd><dt>Password</dt><dd>{password}</dd></dl>
</section>"""
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Line:
    """What somebody is told."""

    name: str
    password: str
    full_name: str = ""
    email: str = ""


def as_csv(lines: Sequence[Line], address: str) -> str:
    """For a mail merge. Names that a spreadsheet would take for a formula get an apostrophe; passwords never change."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "full name", "email", "password", "address"])
    for one in lines:
        writer.writerow([one.name, _plain(one.full_name), _plain(one.email), one.password, address])
    return text.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def as_page(lines: Sequence[Line], address: str) -> str:
    """HTML without anything from elsewhere; a cut goes between two people."""
    people = [
        PERSON.format(
            who=html.escape(one.full_name or one.name), address=html.escape(address), name=html.escape(one.name),
            password=html.escape(one.password),
        )
        for one in lines
    ]  # fmt: skip
    return PAGE.format(people="\n".join(people))
