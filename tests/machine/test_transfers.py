"""Large and long: a gigabyte up and down, a notebook of 60 MB, and a websocket on which nothing is said."""

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.client import FETCH, HubClient
from hubinstall.clienterrors import raise_for

MEGABYTE = 1 << 20
SIZE = 1 << 30
HOME_FILE = "/home/grace/large.bin"
BIGGEST_LEFT = 64 * MEGABYTE
"""What may lie on nginx's disk while a gigabyte passes."""


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


def nginx_keeps(machine: Machine) -> int:
    """Bytes in the folders where nginx would put down what it passes on."""
    return int(machine.run("du -sbc /var/lib/nginx /var/cache/nginx 2>/dev/null | tail -n1").out.split()[0])


def test_a_gigabyte_goes_up_and_comes_down(installed_machine: Machine, grace: HubClient) -> None:
    megabytes = SIZE // MEGABYTE
    wished = content(megabytes)
    began = time.monotonic()
    upload(grace, "large.bin", megabytes)
    up = time.monotonic() - began
    assert installed_machine.run(["sha256sum", HOME_FILE], timeout=300).out.split()[0] == wished
    assert nginx_keeps(installed_machine) < BIGGEST_LEFT
    came, most_kept, size = hashlib.sha256(), 0, 0
    began = time.monotonic()
    # As a page's script asks: the server gives files to its own pages only.
    headers = FETCH | {"Referer": grace.base_url, "X-XSRFToken": grace._xsrf("user/grace/")}
    with grace._http.stream("GET", "user/grace/files/large.bin", headers=headers, timeout=120) as answer:
        assert answer.status_code == 200
        for block in answer.iter_bytes(MEGABYTE):
            came.update(block)
            size += len(block)
            if size % (SIZE // 8) < len(block):
                most_kept = max(most_kept, nginx_keeps(installed_machine))
    print(f"1 GB: up in {up:.0f} s, down in {time.monotonic() - began:.0f} s")
    assert (size, came.hexdigest()) == (SIZE, wished)
    assert most_kept < BIGGEST_LEFT
    installed_machine.run(["rm", HOME_FILE])


def test_a_notebook_of_60_megabytes_is_saved(installed_machine: Machine, grace: HubClient) -> None:
    text = base64.b64encode(b"".join(piece(number) for number in range(1, 46))).decode()
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = {
        "cell_type": "code", "id": "c0ffee", "source": "print(...)", "metadata": {}, "execution_count": 1,
        "outputs": [output],
    }  # fmt: skip
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    assert len(text) >= 60_000_000
    put(grace, "large.ipynb", {"type": "notebook", "format": "json", "content": notebook})
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
