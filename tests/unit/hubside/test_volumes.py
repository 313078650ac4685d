"""Whose a named volume becomes, decided from what Docker says about its top directory."""

import asyncio
import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from docker.errors import APIError
from dockerspawner.volumenamingstrategy import default_format_volume_name

from fakes.hub_people import ALICE
from hubinstall.hubside import volumes
from hubinstall.hubside.profiles import Gives

CHOWN = ["chown", "-R", "-h", "1000:1001", "/volume"]
SHARED = ["chmod", "1777", "/volume"]


def archive(uid: int, gid: int, mode: int, *, full: bool) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, kind in (("data", tarfile.DIRTYPE), *([("data/x", tarfile.REGTYPE)] if full else [])):
            entry = tarfile.TarInfo(name)
            entry.type, entry.uid, entry.gid, entry.mode = kind, uid, gid, mode
            tar.addfile(entry)
    return written.getvalue()


class Docker:
    """Docker's client, with one volume."""

    def __init__(self, content: bytes, code: int = 0) -> None:
        self.content, self.code, self.ran, self.removed, self.images = content, code, [], [], []

    def get_archive(self, _container, _path):
        return (chunk for chunk in (self.content[:700], self.content[700:])), {}

    def create_host_config(self, **options):
        return options

    def create_container(self, image, command, *, entrypoint, user, host_config):
        assert (user, host_config["network_mode"], host_config["cap_drop"]) == ("0:0", "none", ["ALL"])
        self.ran.append([*entrypoint, *command])
        self.images.append(image)
        return {"Id": "helper"}

    def start(self, _id):
        pass

    def wait(self, _id, timeout):
        assert timeout
        return {"StatusCode": self.code}

    def logs(self, _id):
        return b"chown: no such program"

    def remove_container(self, id_, *, force):
        assert force
        self.removed.append(id_)


def spawner(client: Docker, mounts: list[dict], warnings: list[str]):
    async def docker(_method, _container):
        await asyncio.sleep(0)
        return {"Mounts": mounts}

    return SimpleNamespace(
        volumes={"data-{username}": "/data", "everyones": "/all"}, mounts=[], client=client, docker=docker, image="i",
        gives=Gives(), hub_settings=SimpleNamespace(image="usual"),
        executor=ThreadPoolExecutor(1), log=SimpleNamespace(warning=lambda words, *a: warnings.append(words % a)),
        format_volume_name=default_format_volume_name, template_namespace=lambda: {"username": "alice"},
    )  # fmt: skip


def mount(name: str, **more) -> dict:
    return {"Type": "volume", "RW": True, "Name": name, "Destination": "/data"} | more


@pytest.mark.parametrize(
    ("there", "content", "command"),
    [
        (mount("data-alice"), archive(0, 0, 0o755, full=False), CHOWN),
        (mount("data-alice"), archive(0, 0, 0o755, full=True), CHOWN),
        (mount("data-alice"), archive(1000, 100, 0o755, full=False), None),
        (mount("data-alice"), archive(5, 2000, 0o2775, full=False), None),
        (mount("0" * 64), archive(0, 0, 0o755, full=False), CHOWN),
        (mount("everyones"), archive(0, 0, 0o755, full=False), SHARED),
        (mount("everyones"), archive(0, 0, 0o755, full=True), None),
        (mount("everyones"), archive(0, 0, 0o1777, full=False), None),
        (mount("data-alice", RW=False), archive(0, 0, 0o755, full=False), None),
        (mount("data-alice", Type="bind"), archive(0, 0, 0o755, full=False), None),
    ],
)
def test_a_volume_that_cannot_be_written_is_given_to_its_person_or_to_all(there, content, command):
    client, warnings = Docker(content), []
    asyncio.run(volumes.make_writable(spawner(client, [there], warnings), "c", ALICE, ALICE.gids))
    assert client.ran == ([command] if command else [])
    assert client.removed == ["helper"] * len(client.ran)
    assert not warnings


def test_no_program_of_an_image_that_a_person_names_runs_as_root():
    for gives, image in ((Gives(), "i"), (Gives(image="registry.example.org/x:1"), "usual")):
        client = Docker(archive(0, 0, 0o755, full=False))
        made = spawner(client, [mount("data-alice")], [])
        made.gives = gives
        asyncio.run(volumes.make_writable(made, "c", ALICE, ALICE.gids))
        assert client.images == [image]


def test_a_failure_is_logged_and_leaves_no_container():
    client, warnings = Docker(archive(0, 0, 0o755, full=False), code=127), []
    asyncio.run(volumes.make_writable(spawner(client, [mount("data-alice")], warnings), "c", ALICE, ()))
    assert warnings == ["alice may be unable to write to the volume data-alice: chown: no such program"]
    assert client.removed == ["helper"]

    def refused(*_):
        raise APIError("no such volume")

    client.get_archive = refused
    asyncio.run(volumes.make_writable(spawner(client, [mount("data-alice")], warnings), "c", ALICE, ()))
    assert warnings[1:] == ["alice may be unable to write to the volume data-alice: no such volume"]
