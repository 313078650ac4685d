"""The login's door: a class gets in at once, a guesser does not, and nobody waits behind one.

All come from one address, the test host's, as a class behind one router does. What a login takes is measured by
benchmarks/run login: on a machine that does other things as well a test of seconds would be one of these.
"""

import asyncio
import contextlib
import json
import math
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import LONG
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = pytest.mark.one_kind

RATE = 50
PASSWORD = "abacus-2400"
CLASS = [f"student{number:02}" for number in range(60)]
GUESSED = [f"victim{number:02}" for number in range(30)]
GUESSES: dict[str, Callable[[int], str]] = {
    "one account": lambda _: GUESSED[0],
    "many accounts": lambda number: GUESSED[number % len(GUESSED)],
    "made-up names": lambda number: f"nobody{number}",
}
# As an administrator makes many at once.
ADD = "for name; do useradd -m -K HOME_MODE=0700 -s /bin/bash $name && echo $name:{password}; done | chpasswd"
# Runs in a container: asks the hub at its own address, and says each time that it is somewhere else. Prints the codes.
GUESS = """
import http.cookiejar, json, sys, urllib.error, urllib.parse, urllib.request
hub, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
codes = []
for number in range(count):
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    said = "203.0.113.%d" % number
    opener.addheaders = [("X-Real-IP", said), ("X-Forwarded-For", said)]
    opener.open(hub + "/hub/login").read()
    [token] = [cookie.value for cookie in jar if cookie.name == "_xsrf"]
    form = {"username": name, "password": "wrong-%d" % number, "_xsrf": token}
    try:
        codes.append(opener.open(hub + "/hub/login", urllib.parse.urlencode(form).encode()).status)
    except urllib.error.HTTPError as error:
        codes.append(error.code)
print(json.dumps(codes))
"""
CONTAINER = "--rm --network hubinstall --cap-drop ALL --security-opt no-new-privileges --user 12345:12345 --read-only"


def newcomers(who: str) -> list[str]:
    """Who logs in for the first time while these guesses are made."""
    return [f"new{list(GUESSES).index(who)}{number}" for number in range(3)]


@pytest.fixture(scope="module")
def door(installed_machine: Machine) -> Machine:
    """The installed machine, with a class and others who have accounts."""
    people = [*CLASS, *GUESSED, "owner", *(name for who in GUESSES for name in newcomers(who))]
    installed_machine.run(["sh", "-c", ADD.format(password=PASSWORD), "sh", *people])
    return installed_machine


def most_tries(seconds: float) -> int:
    """How many passwords of one account somebody can try from one address: 5, and more after 1, 2, 4 … seconds."""
    return 5 + math.ceil(math.log2(seconds + 1))


class Guesser:
    """Sends bad logins through nginx, `RATE` a second, whether the ones before were answered or not."""

    def __init__(self, machine: Machine, name: Callable[[int], str]) -> None:
        self._machine, self._name = machine, name
        self._over = threading.Event()
        self.codes: Counter[str] = Counter()
        self.seconds = 0.0

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(asyncio.run, self._send())
            try:
                time.sleep(2)  # so that they are in the way when the block begins
                yield
            finally:
                self._over.set()
            work.result()

    async def _send(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        url = f"https://{self._machine.address}/hub/login"
        async with httpx.AsyncClient(verify=context, limits=limits, timeout=LONG, headers=PAGE) as http:
            await http.get(url)
            token = next(cookie.value for cookie in http.cookies.jar if cookie.name == "_xsrf")
            tasks: list[asyncio.Task[httpx.Response]] = []
            began = time.monotonic()
            while not self._over.is_set():
                number = len(tasks)
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                form = {"username": self._name(number), "password": f"wrong-{number}", "_xsrf": token}
                tasks.append(asyncio.create_task(http.post(url, data=form)))
            for answer in await asyncio.gather(*tasks, return_exceptions=True):
                code = answer.status_code if isinstance(answer, httpx.Response) else type(answer).__name__
                self.codes[str(code)] += 1
            self.seconds = time.monotonic() - began


def login(machine: Machine, name: str, password: str = PASSWORD) -> None:
    """Log in as a person does, page and all."""
    with HubClient(f"https://{machine.address}/", verify=False, timeout=LONG) as client:
        client.login(name, password)


def comes_in(machine: Machine, number: int) -> None:
    """A student; each third one mistypes first."""
    if number % 3 == 0:
        with pytest.raises(HubError, match="Invalid username or password"):
            login(machine, CLASS[number], "abacus-2004")
    login(machine, CLASS[number])


def test_a_class_of_sixty_logs_in_at_once(door: Machine) -> None:
    """Nobody is told to wait, whoever mistypes."""
    with ThreadPoolExecutor(len(CLASS)) as pool:
        list(pool.map(lambda number: comes_in(door, number), range(len(CLASS))))


@pytest.mark.parametrize("who", GUESSES)
def test_a_good_login_does_not_wait_behind_bad_ones(door: Machine, who: str) -> None:
    """Neither those whom the hub knows already nor those who come for the first time are told to wait."""
    guesser = Guesser(door, GUESSES[who])
    with guesser.at_work():
        for name in ("owner", *CLASS[:2], *newcomers(who)):
            login(door, name)
    print(f"{who}: {dict(guesser.codes)} in {guesser.seconds:.0f} s")
    assert guesser.codes.keys() <= {"403", "429"}, "each was answered, and none was let in"
    assert guesser.codes.total() > RATE, "they were at work"


def test_a_guesser_is_slowed(door: Machine) -> None:
    door.run("hubinstall restart jupyterhub")  # it forgets whom the address has guessed at before
    installed.wait_for_login_page(door)
    guesser = Guesser(door, lambda _: GUESSED[0])
    with guesser.at_work():
        time.sleep(15)
    print(f"{dict(guesser.codes)} in {guesser.seconds:.0f} s")
    assert guesser.codes.keys() == {"403", "429"}
    assert 5 <= guesser.codes["403"] <= most_tries(guesser.seconds), "so many were really tried"
    assert guesser.codes["429"] > 10 * guesser.codes["403"]


def test_a_container_that_asks_the_hub_itself_is_slowed_too(door: Machine) -> None:
    """And the account's owner, who comes from elsewhere, is not."""
    image = door.run("docker image ls --format '{{.Repository}}:{{.Tag}}' hubinstall/default").out.split()[0]
    argv = ["docker", "run", *CONTAINER.split(), "--entrypoint=python3", image, "-c", GUESS]
    began = time.monotonic()
    codes = json.loads(door.run([*argv, "http://10.99.0.1:8081", "owner", "40"]).out)
    tried = Counter(codes)
    assert tried.keys() == {403, 429}
    assert 5 <= tried[403] <= most_tries(time.monotonic() - began)
    login(door, "owner")
