"""CSV files as programs write them."""

import codecs

import pytest

from hubinstall.errors import UserError
from hubinstall.people.csv_rows import rows

TEXT = 'name;full name\r\nada;Ada Lovelace\r\n\r\njoerg;"Müller; Jörg"\r\n  grace ; Grace Hopper '
WANTED = [
    (1, ("name", "full name")), (2, ("ada", "Ada Lovelace")), (4, ("joerg", "Müller; Jörg")),
    (5, ("grace", "Grace Hopper")),
]  # fmt: skip


def read(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in rows(content, "class.csv")]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(), codecs.BOM_UTF8 + TEXT.encode(), TEXT.encode("utf-16"), TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"), codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT.encode("cp1252"),
        TEXT.replace("\r\n", "\n").encode(), TEXT.replace("\r\n", "\r").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be bom", "windows", "unix", "old mac"],
)  # fmt: skip
def test_encodings_and_ends_of_lines(content):
    assert read(content) == WANTED


@pytest.mark.parametrize("separator", ";\t,|")
def test_separators(separator):
    assert read(f"name{separator}full name\nada{separator}Ada\n".encode())[1] == (2, ("ada", "Ada"))


def test_one_column_and_quoted_commas():
    assert read(b"ada\ngrace\n") == [(1, ("ada",)), (2, ("grace",))]
    assert read(b'"Lovelace, Ada";ada\n') == [(1, ("Lovelace, Ada", "ada"))]


def test_what_excel_says_about_its_separator():
    assert read(b"sep=;\r\nada;Ada, Countess\r\n") == [(2, ("ada", "Ada, Countess"))]


def test_a_cell_of_two_lines_keeps_the_numbers_right():
    assert [line for line, _ in read(b'ada,"a\nb"\n\ngrace,c\n')] == [1, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04xlsx", "is a workbook"), (b"\xd0\xcf\x11\xe0", "is a workbook"),
        (b"\x00\x01\x02\x03\x81\xff\x00" * 99, "not a text file"), (b'ada,x\ngrace,"y\n', "class.csv:2: .*quotation"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_said(content, words):
    with pytest.raises(UserError, match=words):
        rows(content, "class.csv")


def test_an_empty_file_has_no_rows():
    assert read(b"") == read(b"\xef\xbb\xbf") == read(b"\n ; \n") == []
