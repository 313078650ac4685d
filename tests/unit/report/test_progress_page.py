"""The page at port 80 while an installation runs."""

import io
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubinstall.errors import UserError
from hubinstall.report.log import Log
from hubinstall.report.plain import Report
from hubinstall.report.progress_page import ProgressPage, Shown, page
from hubinstall.resources.base import Change, resource_id
from hubinstall.resources.files.file import Link
from hubinstall.resources.packages.apt import Packages

LINK = Change(Link("/etc/secret-name", "/etc/y"), None, {"type": "link"})
NGINX = Change(Packages("nginx", ("nginx",)), None, {"nginx": "installed"})

STARTS_NGINX = (resource_id(NGINX.resource),)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def report(tmp_path: Path, port: int) -> Iterator[Report]:
    with Report(Log(str(tmp_path / "log")), io.StringIO(), page=ProgressPage(STARTS_NGINX, port)) as report:
        yield report


def fetch(port: int, path: str = "/", host: str = "127.0.0.1") -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_shows_the_groups_of_steps_with_their_states(report: Report, port: int) -> None:
    report.expected([LINK.resource, NGINX.resource])
    report.started(LINK)
    assert "… writing configuration files (running)" in fetch(port)[1]
    report.finished(LINK)
    code, text = fetch(port)
    assert code == 503
    assert "✓ writing configuration files (done)" in text
    assert "Step 1 of 2" in text
    report.failed(LINK.id, UserError("a password: secret", "a hint"))
    text = fetch(port)[1]
    assert "✗ writing configuration files (failed)" in text
    assert "secret" not in text


def test_it_repeats_nothing_of_a_request_and_needs_nothing_from_elsewhere(report: Report, port: int) -> None:
    report.expected([])
    assert "<script>x" not in fetch(port, "/<script>x?<script>x")[1].replace("%3C", "<")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(b"POST /<b>x HTTP/1.1\r\n<b>x: y\r\n\r\n")
        answer = raw.makefile().read()
    assert answer.startswith("HTTP/1.0 501 refused")
    assert "<b>" not in answer
    assert "http" not in page(Shown("x", ())).replace("http-equiv", "")


def test_words_are_escaped() -> None:
    assert "<li>✓ a &lt;b&gt; (done)</li>" in page(Shown("x", (("a <b>", "done"),)))


def test_it_makes_way_before_nginx_and_closing_again_does_nothing(report: Report, port: int) -> None:
    report.expected([NGINX.resource])
    assert fetch(port)[0] == 503
    report.started(NGINX)
    with socket.socket() as nginx:
        nginx.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as nginx does
        nginx.bind(("0.0.0.0", port))  # noqa: S104 - as nginx does
        nginx.listen()
    report.started(NGINX)


def test_a_second_apply_of_a_run_that_is_rolled_back_says_nothing_of_it(report: Report, port: int) -> None:
    report.expected([NGINX.resource])
    report.started(NGINX)
    with socket.socket() as nginx:
        nginx.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        nginx.bind(("", port))
        nginx.listen()
        report.expected([NGINX.resource])
    assert report._screen.getvalue().count("progress page") == 0  # type: ignore[attr-defined]


def test_visitors_who_say_nothing_do_not_keep_it_open(report: Report, port: int) -> None:
    report.expected([])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
    before = time.monotonic()
    report.started(NGINX)
    assert time.monotonic() - before < 20
    for visitor in silent:
        visitor.close()


def test_a_port_that_is_used_is_a_note_and_the_run_goes_on(tmp_path: Path) -> None:
    screen = io.StringIO()
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        with Report(Log(str(tmp_path / "log")), screen, quiet=True, page=ProgressPage(STARTS_NGINX, port)) as report:
            report.expected([LINK.resource])
            report.started(LINK)
    assert screen.getvalue() == f"note: the progress page cannot be shown: port {port}: Address already in use\n"
