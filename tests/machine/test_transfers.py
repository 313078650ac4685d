"""Large and long: a gigabyte up and down, a notebook of 60 MB, and a websocket on which nothing is said."""

import base64
import contextlib
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import raise_for
from hubinstall.verify.client.hub import FETCH, HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

MEGABYTE = 1 << 20
SIZE = 1 << 30
HOME_FILE = "/home/grace/large.bin"
# The most bytes that nginx has had in files of its own, in parts that passed. It takes their names away as soon as it
# has opened them (ngx_open_tempfile), so that only its open files tell. Writes the most so far, for ever.
WATCH = """
import contextlib, os, time
from pathlib import Path
most, folders = -1, ("/var/lib/nginx/", "/var/cache/nginx/")
while True:
    now = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text() != "nginx\\n":
                continue
            for file in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    now += os.readlink(file).startswith(folders) and file.stat().st_size
    if now > most:
        most = now
        Path("/run/most.new").write_text(str(most))
        os.replace("/run/most.new", "/run/most")
    time.sleep(0.1)
"""
WATCHING = "for i in $(seq 1800); do test -e /run/most && exit; sleep 0.1; done; exit 1"
KEEPS = """location = /kept {
    client_max_body_size 64m;
    proxy_request_buffering on;
    proxy_pass http://127.0.0.1:9;
}
"""


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    with HubClient(f"https://{installed_machine.address}/", verify=False, timeout=120) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        client.open_server()
        yield client


def piece(number: int) -> bytes:
    """A megabyte that is like no other."""
    return hashlib.shake_128(number.to_bytes(4, "big")).digest(MEGABYTE)


def content(megabytes: int) -> str:
    """The SHA-256 of so many pieces."""
    whole = hashlib.sha256()
    for number in range(1, megabytes + 1):
        whole.update(piece(number))
    return whole.hexdigest()


def put(client: HubClient, name: str, model: dict[str, Any]) -> None:
    """Save by the contents API (jupyter-server's documentation, "Contents API")."""
    answer = client.fetch("PUT", f"user/grace/api/contents/{name}", step="save", json=model, timeout=300)
    raise_for(answer, "save")


def upload(client: HubClient, name: str, megabytes: int) -> None:
    """In pieces of a megabyte, the last one with the number -1, as JupyterLab does (docmanager's FileBrowserModel)."""
    for number in range(1, megabytes + 1):
        text = base64.b64encode(piece(number)).decode()
        model = {"type": "file", "format": "base64", "name": name, "path": name, "content": text}
        put(client, name, {**model, "chunk": -1 if number == megabytes else number})


class Spilled:
    """What nginx has put down on its disk; `most` bytes, known when the watch is over."""

    most = -1


@contextlib.contextmanager
def watched(machine: Machine) -> Iterator[Spilled]:
    spilled = Spilled()
    machine.run("rm -f /run/most")
    with machine.background(["python3", "-c", WATCH]):
        machine.run(WATCHING)
        yield spilled
        spilled.most = int(machine.read("/run/most"))


def test_the_watch_sees_what_nginx_puts_down(installed_machine: Machine) -> None:
    """Where it is told to: so that to see nothing in the tests below says something."""
    machine, drop_in = installed_machine, "/etc/hubinstall/nginx.d/kept.conf"
    machine.write(drop_in, KEEPS)
    machine.run("hubinstall apply", timeout=300)
    with watched(machine) as spilled:
        send = f"curl -sk --limit-rate 4M -T - https://{machine.address}/kept"
        machine.run(f"head -c {16 * MEGABYTE} /dev/zero | {send}")
    assert spilled.most > MEGABYTE
    machine.run(f"rm {drop_in} && hubinstall apply", timeout=300)


def test_a_gigabyte_goes_up_and_comes_down(installed_machine: Machine, grace: HubClient) -> None:
    megabytes = SIZE // MEGABYTE
    wished = content(megabytes)
    with watched(installed_machine) as spilled:
        began = time.monotonic()
        upload(grace, "large.bin", megabytes)
        up = time.monotonic() - began
        assert installed_machine.run(["sha256sum", HOME_FILE], timeout=300).out.split()[0] == wished
        began = time.monotonic()
        assert download(grace, "large.bin") == (SIZE, wished)
        down = time.monotonic() - began
    print(f"1 GB: up in {up:.0f} s, down in {down:.0f} s")
    assert spilled.most == 0
    installed_machine.run(["rm", HOME_FILE])


def download(client: HubClient, name: str) -> tuple[int, str]:
    """Size and SHA-256 of what comes, to one who is slower than the server for a while."""
    came, size = hashlib.sha256(), 0
    # As a page's script asks: the server gives files to its own pages only.
    headers = FETCH | {"Referer": client.base_url, "X-XSRFToken": client._xsrf("user/grace/")}
    with client._http.stream("GET", f"user/grace/files/{name}", headers=headers, timeout=120) as answer:
        assert answer.status_code == 200
        time.sleep(5)  # whoever would put it down has done so by now
        for block in answer.iter_bytes(MEGABYTE):
            came.update(block)
            size += len(block)
    return size, came.hexdigest()


def test_a_notebook_of_60_megabytes_is_saved(installed_machine: Machine, grace: HubClient) -> None:
    text = base64.b64encode(b"".join(piece(number) for number in range(1, 46))).decode()
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = {
        "cell_type": "code", "id": "c0ffee", "source": "print(...)", "metadata": {}, "execution_count": 1,
        "outputs": [output],
    }  # fmt: skip
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert len(text) >= 60_000_000
    with watched(installed_machine) as spilled:
        put(grace, "large.ipynb", {"type": "notebook", "format": "json", "content": notebook})
    assert spilled.most == 0
    answer = grace.fetch("GET", "user/grace/api/contents/large.ipynb", step="load", timeout=300)
    raise_for(answer, "load")
    [loaded] = answer.json()["content"]["cells"]
    assert loaded["outputs"][0]["text"] == text
    assert installed.server_answers(grace)
    installed_machine.run(["rm", "/home/grace/large.ipynb"])


@pytest.mark.drawn("minutes", (10,), sample=0)
def test_a_websocket_may_be_idle(grace: HubClient, minutes: int) -> None:
    with grace.kernel() as kernel:
        assert kernel.execute("kept = 6 * 7") == ""
        time.sleep(minutes * 60)
        assert kernel.execute("print(kept)") == "42\n"
