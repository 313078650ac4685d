"""The list of first passwords, or of one-time links, that is handed out: a table, and a page to print and to cut."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

from hubinstall.machine.host import Host

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
dd {{ font-family: monospace; margin: 0; overflow-wrap: anywhere; }}
svg {{ float: right; }}
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
INVITATION = """<section>
{code}
<h2>{who}</h2>
<dl><dt>Name</dt><dd>{name}</dd><dt>Link</dt><dd>{link}</dd></dl>
<p>Open this link once, until {until}, and set your password. Then log in at {address}</p>
</section>"""
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Line:
    """What somebody is told."""

    name: str
    password: str = ""
    """Empty if there is a `link`, with which a password is set."""
    link: str = ""
    full_name: str = ""
    email: str = ""


def write(host: Host, stem: str, lines: Sequence[Line], address: str, until: str) -> None:
    """Both forms, which only root can read. `stem`: the path without its ending; `address`: of the hub."""
    folder = stem.rpartition("/")[0]
    if not host.exists(folder):
        host.mkdir(folder, mode="0700")
    for ending, text in ((".csv", as_csv(lines, address)), (".html", as_page(lines, address, until))):
        host.write(f"{stem}{ending}", text.encode(), mode="0600")


def as_csv(lines: Sequence[Line], address: str) -> str:
    """For a mail merge, with a column for passwords or one for links. Names that a spreadsheet would take for a formula
    get an apostrophe; passwords never change.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    column = "link" if any(one.link for one in lines) else "password"
    writer.writerow(["name", "full name", "email", column, "address"])
    for one in lines:
        writer.writerow([one.name, plain(one.full_name), plain(one.email), getattr(one, column), address])
    return text.getvalue()


def plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def as_page(lines: Sequence[Line], address: str, until: str = "") -> str:
    """HTML without anything from elsewhere; a cut goes between two people. `until`: when links end."""
    return PAGE.format(people="\n".join(_card(one, address, until) for one in lines))


def _card(one: Line, address: str, until: str) -> str:
    known = {"who": one.full_name or one.name, "name": one.name, "address": address}
    escaped = {key: html.escape(value) for key, value in known.items()}
    if one.link:
        return INVITATION.format(**escaped, link=html.escape(one.link), until=until, code=_qr_code(one.link))
    return PERSON.format(**escaped, password=html.escape(one.password))


def _qr_code(text: str) -> str:
    """As SVG, for the camera of a phone."""
    import segno  # noqa: PLC0415 - seldom needed

    return str(segno.make(text, error="m", micro=False).svg_inline(scale=2.5))
