"""Somebody without an account, at one address, who wants that nobody else is served.

All load goes to the machine's own address, and is bounded.
"""

import asyncio
import contextlib
import re
import resource
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import NamedTuple

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import plain_text
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = pytest.mark.one_kind

PEOPLE, OF_EACH = 100, 20
HALVES = 4500
"""More connections than one address gets."""
AT_ONCE = 64
PING, PONG = b"\x89\x80\0\0\0\0", b"\x8a\0"
"""Frames without content (RFC 6455, 5.5.2); a client's has a mask."""
UPGRADE = (
    "GET /user/grace/api/events/subscribe HTTP/1.1\r\nHost: {host}\r\nOrigin: https://{host}\r\nCookie: {cookies}\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Line(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def context() -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    """As many open files as this host allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def many(machine: Machine, count: int, text: str, *, tls: bool = True) -> tuple[list[Line], Counter[str]]:
    """Connections on each of which this was sent, and what became of the others."""
    turns, lines = asyncio.Semaphore(AT_ONCE), list[Line]()
    port, secure = (443, context()) if tls else (80, None)
    refused = Counter[str]()

    async def one() -> None:
        async with turns:
            try:
                line = Line(*await asyncio.open_connection(machine.address, port, ssl=secure))
            except OSError as error:
                refused[type(error).__name__] += 1
                return
            lines.append(line)
            with contextlib.suppress(OSError):
                line.writer.write(text.encode())
                await line.writer.drain()

    await asyncio.gather(*(one() for _ in range(count)))
    return lines, refused


def test_of_a_hundred_people_all_websockets_live(installed_machine: Machine, grace: HubClient) -> None:
    """Behind one router: from one address. Somebody else who comes then is served, too."""
    asyncio.run(all_live(installed_machine, grace))


async def all_live(installed_machine: Machine, grace: HubClient) -> None:
    asked = UPGRADE.format(host=installed_machine.address, cookies=grace.cookies_for("user/grace/"))
    lines, refused = await many(installed_machine, PEOPLE * OF_EACH, asked)
    assert not refused
    heads = Counter([(await line.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode() for line in lines])
    assert heads == {"HTTP/1.1 101 Switching Protocols": PEOPLE * OF_EACH}
    for line in lines:
        line.writer.write(PING)
    answers = Counter([await asyncio.wait_for(line.reader.readexactly(2), 60) for line in lines])
    print(f"{answers}")
    assert answers == {PONG: PEOPLE * OF_EACH}
    assert await asyncio.to_thread(grace.run_cell, "print(6 * 7)") == "42\n"
    for line in lines:
        line.writer.transport.abort()


def test_half_sent_requests_of_one_address_keep_nobody_out(installed_machine: Machine) -> None:
    """It gets no more than its share, others are served, and what it has begun ends."""
    asyncio.run(half_sent(installed_machine))


async def half_sent(installed_machine: Machine) -> None:
    began = time.monotonic()
    lines, refused = await many(installed_machine, HALVES, "GET /hub/login HTTP/1.1\r\nHost: x\r\n", tls=False)
    print(f"{len(lines)} held, {dict(refused)}, in {time.monotonic() - began:.0f} s")
    assert refused == {"ConnectionRefusedError": HALVES - len(lines)}
    assert 4000 < len(lines) <= 4096
    served = installed_machine.run("curl -sk -m 10 -o /dev/null -w '%{http_code}' https://localhost/hub/login").out
    assert served == "200", "from another address: the machine itself"
    ends = asyncio.gather(*(line.reader.read() for line in lines), return_exceptions=True)
    await asyncio.wait_for(ends, 40)
    for line in lines:
        line.writer.transport.abort()
    async with httpx.AsyncClient(verify=context(), timeout=installed.PATIENCE) as http:
        assert (await http.get(f"https://{installed_machine.address}/hub/login")).status_code == 200


def test_what_the_proxy_does_not_understand_is_refused_and_not_logged(installed_machine: Machine) -> None:
    url = f"https://{installed_machine.address}"
    asked = [
        f"-H 'Connection: Upgrade' -H 'Upgrade: h2c' {url}/hub/login",
        f"-H 'Connection: Upgrade' -H 'Upgrade: websocket' -d x=1 {url}/hub/login",
        *(f"--path-as-is '{url}{path}'" for path in ("//", "///", "//x:y/@", "/%ff", "/user/%E0%A4/lab")),
    ]
    before = proxys_log(installed_machine)
    one = "curl -sk -m 60 --http1.1 -o /dev/null -w '%{http_code} ' "
    codes = installed_machine.run("; ".join(one + words for words in asked)).out.split()
    for words, code in zip(asked, codes, strict=True):
        assert code == "400", words
    assert proxys_log(installed_machine) == before


def proxys_log(machine: Machine) -> str:
    return machine.run("hubinstall logs jupyterhub-proxy", check=False).out


# Each with a wrong password; whom config.yaml bans, and one account of each state, are made by `door`.
STRANGERS = (
    installed.PERSON, "never-heard-of", "root", "www-data", "jupyterhub", "hubinstall-probe", "xbanned", "xlocked",
    "xexpired", "xdue", "Never@example.org", "ünïcode", "a\0b", "x" * 5000,
)  # fmt: skip
TRIES = 8
"""At once: five cost nothing."""
RIGHT = "mandrill-1871"
STATES = {
    "xbanned": "true", "xlocked": "passwd -l {0}", "xexpired": "usermod -e 2001-01-01 {0}", "xdue": "chage -d 0 {0}"
}  # fmt: skip


@pytest.fixture(scope="module")
def door(installed_machine: Machine) -> Machine:
    for name, command in STATES.items():
        installed.add_person(installed_machine, name, RIGHT)
        installed_machine.run(command.format(name))
    installed_machine.run("hubinstall config set users.banned '[xbanned]' --apply")
    installed.wait_for_login_page(installed_machine)
    return installed_machine


class Answer(NamedTuple):
    words: str
    seconds: float


def answer(machine: Machine, name: str, password: str, together: Barrier) -> Answer:
    """What the login says, after its status; without the number of seconds to wait, which the clock decides. The form
    is sent together with others, when all have the page: the sixth must not come a second after the fifth.
    """
    with installed.client(machine) as client:
        client.login_page()
        form = {"username": name, "password": password, "_xsrf": client._xsrf("hub/")}
        together.wait(installed.PATIENCE * TRIES)
        began = time.monotonic()
        said = client.request("POST", "hub/login", step="login", data=form, headers=PAGE)
        words = re.sub(r"in \d+ seconds?", "later", plain_text(said))
        return Answer(f"{said.status_code} {words}", time.monotonic() - began)


def test_whoever_has_no_password_learns_nothing_about_a_name(door: Machine) -> None:
    """Not from status, words, the number of tries, or time."""
    answers = {}
    for name in STRANGERS:
        with ThreadPoolExecutor(TRIES) as pool:
            together = Barrier(TRIES)
            waiting = [pool.submit(answer, door, name, f"wrong-{n}", together) for n in range(TRIES)]
            found = [one.result() for one in waiting]
            answers[name[:20]] = sorted(found)
        print(f"{name[:20]!r:24}", *(f"{a.words[:3]} {a.seconds:.1f}s" for a in answers[name[:20]]))
    said = {name: tuple(a.words for a in row) for name, row in answers.items()}
    for name, words in said.items():
        assert words == said[installed.PERSON], name
    assert ["403" in words for words in said[installed.PERSON]] == [True] * 5 + [False] * (TRIES - 5), said
    for name, row in answers.items():
        for tried in row[:5]:
            assert tried.seconds >= 1.0, name
    # What else this host does makes some slower, and none faster. PAM's own delay would be two seconds.
    fastest = {name: min(tried.seconds for tried in row[:5]) for name, row in answers.items()}
    assert max(fastest.values()) - min(fastest.values()) < 2.0, fastest


def test_who_has_the_password_reads_why_it_does_not_help(door: Machine) -> None:
    time.sleep(2)
    for name, words in (("xbanned", "not allowed to use this hub"), ("xdue", "must be changed first")):
        assert words in answer(door, name, RIGHT, Barrier(1)).words
