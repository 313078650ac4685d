"""A room: a server that the members of a group use together, and nobody else; what they write is not lost."""

import json
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from checkout_path import CHECKOUT
from harness import installed, loads, visits
from harness.browser import chromiums
from harness.machine import Machine
from harness.notebook_page import NotebookPage
from harness.waiting import soon
from hubinstall import layout
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

ROOM, SECONDS = "user/room-lab/", 120
ROUNDS, RESTARTS = 24, 2
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": "# both\n"}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip
TRIES = ("users/joan", "users/joan/tokens", "users/room-lab/tokens", "users/grace", "users", "groups", "shutdown")
"""What the token of the room's own server is refused."""
NOT_RUNNING = "This server is not running. What you have typed stays in this page"


@pytest.fixture(scope="module")
def room(installed_machine: Machine) -> Machine:
    machine = installed_machine
    for name in ("joan", "zoe"):
        installed.add_person(machine, name, installed.PERSON_PASSWORD)
    machine.run("groupadd project && usermod -aG project grace && usermod -aG project joan")
    told = machine.run("hubinstall config set rooms.lab.group project --apply", check=False)
    assert "rooms.lab" in told.err
    assert "https.subdomains" in told.err
    machine.run("hubinstall environment add jupyter-collaboration --environment rooms", timeout=900)
    machine.run("hubinstall config set shares.project.access.group project")
    machine.run(
        ["hubinstall", "config", "set", "rooms.lab", "{group: project, title: The lab, trusted: true}", "--apply"]
    )
    assert installed.plan(machine) == []
    return machine


@pytest.fixture(scope="module")
def people(room: Machine) -> Iterator[dict[str, HubClient]]:
    """Grace and joan are members, zoe is not."""
    with installed.client(room) as grace, installed.client(room) as joan, installed.client(room) as zoe:
        found = {"grace": grace, "joan": joan, "zoe": zoe}
        for name, client in found.items():
            client.login(name, installed.PERSON_PASSWORD)
        yield found


def entered(client: HubClient, path: str = "hub/room/lab") -> httpx.Response:
    """What a browser is answered at last: it waits while the server starts, and agrees to be known there."""
    end = time.monotonic() + SECONDS
    while True:
        page = visits.opened(client, path)
        if "spawn-pending" not in page.url.path or time.monotonic() > end:
            return page
        time.sleep(0.5)


def is_in(page: httpx.Response) -> bool:
    return page.status_code == 200 and page.url.path.startswith("/user/room-lab/")


def headers(client: HubClient) -> dict[str, str]:
    """What a page of the room sends."""
    where = f"{client.base_url}{ROOM}"
    return {
        "Cookie": client.cookies_for(where), "X-XSRFToken": client._xsrf(ROOM), "Referer": where,
        "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Origin": where.partition("/user/")[0],
    }  # fmt: skip


def in_room(client: HubClient, method: str, path: str, body: Any = None) -> httpx.Response:
    return client.fetch(method, f"{ROOM}{path}", step="room", json=body)


def test_members_enter_and_others_do_not(room: Machine, people: dict[str, HubClient]) -> None:
    grace, joan, zoe = people.values()
    assert "The lab" in grace.request("GET", "hub/home", step="home").text
    assert "The lab" not in zoe.request("GET", "hub/home", step="home").text
    refused = entered(zoe)
    assert (refused.status_code, "not in the group project" in refused.text) == (403, True)
    assert is_in(entered(grace))
    assert is_in(entered(joan))
    assert entered(zoe, f"{ROOM}lab").status_code in {403, 404}
    assert zoe.fetch("POST", "hub/api/users/room-lab/server", step="start").status_code in {403, 404}
    assert [in_room(client, "GET", "api/me").json()["identity"]["username"] for client in (grace, joan)] == [
        "grace", "joan",
    ]  # fmt: skip
    row = room.run("getent passwd room-lab").out.split(":")
    assert row[5:] == ["/home/room-lab", "/usr/sbin/nologin\n"]
    assert set(room.run("id -Gn room-lab").out.split()) == {"room-lab", "hubinstall-no-ssh", "project"}
    assert "room-lab" not in room.run("hubinstall user list").out


def test_its_server_has_the_rooms_files_and_no_members_and_its_token_no_more(
    room: Machine, people: dict[str, HubClient]
) -> None:
    grace = people["grace"]
    entered(grace)
    container = installed.container("room-lab")
    inside = ["docker", "exec", container]
    room.run([*inside, "sh", "-c", "echo ours >/srv/data/project/joint.txt && echo own >$HOME/own.txt"])
    assert room.run("stat -c '%U %G' /srv/data/project/joint.txt /home/room-lab/own.txt").out.split() == [
        "room-lab", "project", "room-lab", "room-lab",
    ]  # fmt: skip
    assert set(room.run([*inside, "ls", "/home"]).out.split()) - {"jovyan"} == {"room-lab"}, "jovyan is the image's"
    token = room.run([*inside, "sh", "-c", "echo $JUPYTERHUB_API_TOKEN"]).out.strip()
    with installed.client(room, token=token) as own:
        found = {path: own.fetch("GET", f"hub/api/{path}", step="token").status_code for path in TRIES}
        assert {status for path, status in found.items()} <= {403, 404, 405}, found
        assert own.fetch("POST", "hub/api/users/room-lab/tokens", step="token", json={}).status_code in {403, 404}
        scopes = own.api("GET", "user")["scopes"]
        assert [scope for scope in scopes if not scope.endswith(("=room-lab", "=room-lab/"))] == []


def test_what_two_write_is_not_lost_when_the_server_is_started_again(
    room: Machine, people: dict[str, HubClient]
) -> None:
    grace, joan = people["grace"], people["joan"]
    entered(grace)
    in_room(grace, "PUT", "api/contents/both.ipynb", {"type": "notebook", "content": NOTEBOOK}).raise_for_status()
    room.push(CHECKOUT / "tests/harness/inside/coauthors.py", "/root/coauthors.py")
    image = json.loads(room.read(layout.HUB_SETTINGS))["environments"]["rooms"]["image"]
    command = ["docker", "run", "--rm", "--interactive", "--network=host", "--user=0", "--entrypoint=python3"]
    command += ["--volume=/root/coauthors.py:/coauthors.py:ro", image, "/coauthors.py"]
    entered(joan)
    with room.background(command) as authors:
        errors: list[bytes] = []
        threading.Thread(target=lambda: errors.extend(authors.stderr), daemon=True).start()  # type: ignore[arg-type]
        asked = {"url": f"{grace.base_url}{ROOM}", "path": "both.ipynb", "rounds": ROUNDS, "pause": 0.3, "patience": 60}
        tell(authors.stdin, asked | {"headers": [headers(grace), headers(joan)]})
        result = watched(room, authors, (grace, joan))
    lost = [(copy, set(result["wanted"]) - set(copy.splitlines())) for copy in result["copies"]]
    assert [missing for _, missing in lost] == [set(), set()], b"".join(errors).decode()[-3000:]
    wanted = sorted(["# both", *result["wanted"]])
    assert soon(lambda: [sorted(cell) for cell in on_the_disk(room, "both")] == [wanted]), "each line once"
    status = in_room(grace, "GET", "api/status").json()
    assert status["last_activity"] > status["started"], "who only writes uses the server"


def tell(pipe: Any, what: Any) -> None:
    pipe.write(f"{json.dumps(what)}\n".encode())
    pipe.flush()


def on_the_disk(room: Machine, name: str) -> list[list[str]]:
    """The lines of each cell of a notebook. Empty while the file is being written."""
    try:
        cells = json.loads(room.read(f"/home/room-lab/{name}.ipynb"))["cells"]
    except json.JSONDecodeError:
        return []
    return ["".join(cell["source"]).splitlines() for cell in cells]


def watched(room: Machine, authors: Any, members: tuple[HubClient, HubClient]) -> dict[str, Any]:
    """Start the server again while they write: at random moments, each time both are there. Returns the last line."""
    connections = restarts = 0
    due = ROUNDS // (RESTARTS + 1)
    for line in authors.stdout:
        text = line.decode().strip()
        if text == "connected":
            connections += 1
        elif text.startswith("{"):
            assert restarts == RESTARTS
            return dict(json.loads(text))
        elif int(text) >= due * (restarts + 1) and restarts < RESTARTS and connections >= 2 * (restarts + 1):
            time.sleep(random.random())
            restarts += 1
            restart(room, members, killed=restarts % 2 == 1)
            tell(authors.stdin, [headers(member) for member in members])
    raise AssertionError("they ended early")


def restart(room: Machine, members: tuple[HubClient, HubClient], *, killed: bool) -> None:
    if killed:
        room.run(["docker", "kill", installed.container("room-lab")])
    members[0].fetch("DELETE", "hub/api/users/room-lab/server", step="stop")
    for member in members:
        assert soon(lambda member=member: is_in(entered(member)))  # type: ignore[misc]


@pytest.mark.drawn("rounds", (200,), sample=0)
def test_two_browsers_lose_nothing_in_many_rounds(room: Machine, people: dict[str, HubClient], rounds: int) -> None:
    """It takes a quarter of an hour: `tests/run exhaustive -k many_rounds`."""
    type_together(room, people, rounds=rounds, outages=6)


def type_together(room: Machine, people: dict[str, HubClient], *, rounds: int, outages: int) -> None:
    """Two members in a browser each write a line in each round, also while the server is away; one of them starts it
    again with the button that the page offers. At the end both pages and the file have each line once, in its place.
    """
    members = {name: people[name] for name in ("grace", "joan")}
    for member in members.values():
        assert is_in(entered(member))
    starter = people["grace"]
    two = [{**NOTEBOOK["cells"][0], "id": name, "source": f"# {name}\n"} for name in members]  # type: ignore[index]
    body = {"type": "notebook", "content": {**NOTEBOOK, "cells": two}}
    in_room(starter, "PUT", "api/contents/pages.ipynb", body).raise_for_status()
    address, where = f"/{ROOM}lab/tree/pages.ipynb", f"https://{room.address}"
    with chromiums(2, [loads.trusting(room)]) as browsers:
        pages = [
            NotebookPage(browser, where, name, installed.PERSON_PASSWORD, address, own)
            for own, (browser, name) in enumerate(zip(browsers, members, strict=True))
        ]
        ends = {rounds * (number + 1) // (outages + 1): number for number in range(outages)}
        for number in range(rounds):
            if number in ends:
                end(room, starter, killed=ends[number] % 2 == 0)
                for page in pages:
                    expect(page.note).to_contain_text(NOT_RUNNING)
            for page in pages:
                page.write(f"# {number}")
            if number in ends:
                pages[ends[number] % 2].start()
                for page in pages:
                    expect(page.note).to_have_count(0)
            print(f"round {number + 1} of {rounds}, {sum(one <= number for one in ends)} outages", flush=True)
        wanted = [[f"# {name}", *(f"# {number}" for number in range(rounds))] for name in members]
        for page in pages:
            assert soon(lambda page=page: page.text() == wanted), page.text()  # type: ignore[misc]
    assert soon(lambda: on_the_disk(room, "pages") == wanted), on_the_disk(room, "pages")


def end(room: Machine, starter: HubClient, *, killed: bool) -> None:
    if killed:
        room.run(["docker", "kill", installed.container("room-lab")])
    else:
        starter.fetch("DELETE", "hub/api/users/room-lab/server", step="stop").raise_for_status()


def test_who_leaves_the_group_is_out_with_the_old_cookie(room: Machine, people: dict[str, HubClient]) -> None:
    grace, joan = people["grace"], people["joan"]
    assert is_in(entered(grace))
    assert is_in(entered(joan))
    token = room.run(["docker", "exec", installed.container("room-lab"), "sh", "-c", "echo $JUPYTERHUB_API_TOKEN"])
    room.run("gpasswd --delete joan project")
    assert soon(lambda: installed.container("room-lab") not in room.run("docker ps --format '{{.Names}}'").out)
    assert entered(joan).status_code == 403
    assert entered(joan, f"{ROOM}lab").status_code in {403, 404}
    assert soon(lambda: is_in(entered(grace))), "the others start it again"
    assert in_room(joan, "GET", "api/contents").status_code == 403, "with the old cookie"
    with installed.client(room, token=token.out.strip()) as kept:
        assert kept.request("GET", f"{ROOM}api/contents", step="kept").status_code != 200, "a token of the room"


def test_a_room_that_is_taken_away_keeps_its_files(room: Machine, people: dict[str, HubClient]) -> None:
    room.run(["chpasswd"], stdin=f"room-lab:{installed.PERSON_PASSWORD}\n".encode())
    with installed.client(room) as nobody, pytest.raises(HubError):
        nobody.login("room-lab", installed.PERSON_PASSWORD)
    room.run("hubinstall config unset rooms --apply")
    assert entered(people["grace"]).status_code == 404
    assert room.exists("/home/room-lab/own.txt")
    assert soon(lambda: installed.container("room-lab") not in room.run("docker ps --format '{{.Names}}'").out)
    assert installed.plan(room) == []
