"""Somebody without an account, at one address, who wants that nobody else is served.

All load goes to the machine's own address, and is bounded.
"""

import asyncio
import contextlib
import resource
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

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
    async with httpx.AsyncClient(verify=context(), timeout=10) as http:
        assert (await http.get(f"https://{installed_machine.address}/hub/login")).status_code == 200


def test_what_the_proxy_does_not_understand_is_refused_and_not_logged(installed_machine: Machine) -> None:
    url = f"https://{installed_machine.address}"
    asked = [
        f"-H 'Connection: Upgrade' -H 'Upgrade: h2c' {url}/hub/login",
        f"-H 'Connection: Upgrade' -H 'Upgrade: websocket' -d x=1 {url}/hub/login",
        *(f"--path-as-is '{url}{path}'" for path in ("//", "///", "//x:y/@", "/%ff", "/user/%E0%A4/lab")),
    ]
    before = proxys_log(installed_machine)
    one = "curl -sk -m 10 --http1.1 -o /dev/null -w '%{http_code} ' "
    codes = installed_machine.run("; ".join(one + words for words in asked)).out.split()
    assert codes == ["400"] * len(asked)
    assert proxys_log(installed_machine) == before


def proxys_log(machine: Machine) -> str:
    return machine.run("hubinstall logs jupyterhub-proxy", check=False).out
