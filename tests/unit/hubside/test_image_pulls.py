"""Pulls of images that people name: each once, few at a time, and why one fails is said."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from docker.errors import APIError, ImageNotFound

from hubinstall.hubside import image_pulls
from hubinstall.hubside.image_pulls import Pulls
from hubinstall.hubside.start_failure import StartFailure


class Registry:
    """What Docker does for a spawner. Pulls end when `may_end` is set."""

    def __init__(self, said=(), error=None):
        self.there, self.pulled, self.said, self.error = set(), [], said, error
        self.may_end = threading.Event()
        self.client = SimpleNamespace(pull=self.pull)
        self.executor = ThreadPoolExecutor(8)

    async def docker(self, method, image):
        assert method == "inspect_image"
        if image not in self.there:
            raise ImageNotFound("no such image")

    def pull(self, repository, *, tag, stream, decode):
        assert stream
        assert decode
        if self.error:
            raise self.error
        self.pulled.append((repository, tag))
        self.may_end.wait(10)
        self.there.add(f"{repository}:{tag}")
        return list(self.said)


def test_several_starts_pull_an_image_once_and_a_later_one_not_at_all():
    registry, pulls = Registry(), Pulls()

    async def starts():
        every = [asyncio.ensure_future(pulls.bring(registry, "r.example.org/x:1")) for _ in range(5)]
        while not registry.pulled:  # noqa: ASYNC110 - it is set in a thread
            await asyncio.sleep(0.01)
        registry.may_end.set()
        await asyncio.gather(*every)
        await pulls.bring(registry, "r.example.org/x:1")

    asyncio.run(starts())
    assert registry.pulled == [("r.example.org/x", "1")]


def test_few_are_pulled_at_a_time_and_a_slow_one_goes_on(monkeypatch):
    registry, pulls = Registry(), Pulls()
    monkeypatch.setattr(image_pulls, "PATIENCE", 0.05)

    async def starts():
        for number in range(image_pulls.AT_ONCE):
            with pytest.raises(StartFailure, match="still being pulled"):
                await pulls.bring(registry, f"r.example.org/x:{number}")
        with pytest.raises(StartFailure, match="Other images are being pulled"):
            await pulls.bring(registry, "r.example.org/more:1")
        registry.may_end.set()
        while len(registry.there) < image_pulls.AT_ONCE:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        await pulls.bring(registry, "r.example.org/x:0")
        await pulls.bring(registry, "r.example.org/more:1")

    asyncio.run(starts())


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        (Registry(said=[{"error": "manifest unknown"}]), "r/x:1 could not be pulled: manifest unknown. Check its name"),
        (Registry(error=APIError("500", explanation="no such host")), "could not be pulled: no such host"),
        (Registry(error=APIError("409", explanation="This machine has 1 GB")), ": This machine has 1 GB$"),
    ],
)
def test_why_it_failed_is_said(registry, words):
    registry.may_end.set()
    with pytest.raises(StartFailure, match=words):
        asyncio.run(Pulls().bring(registry, "r/x:1"))
