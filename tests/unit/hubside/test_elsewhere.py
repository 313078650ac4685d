"""A share on a file server that is away is left out, and waited for once."""

import asyncio

from hubinstall.hubside import elsewhere
from hubinstall.hubside.elsewhere import Elsewhere
from hubinstall.hubside.shares import SharedFolder


def test_what_does_not_answer_is_left_out_and_waited_for_once(monkeypatch):
    monkeypatch.setattr(elsewhere, "PATIENCE", 1.0)
    monkeypatch.setattr(elsewhere.container, "is_folder", lambda folder: folder == "/srv/data/in")
    asked = []

    async def is_directory(folder):
        asked.append(folder)
        await asyncio.sleep(9 if folder == "/mnt/away" else 0)
        return folder == "/mnt/here"

    monkeypatch.setattr(elsewhere, "_is_directory", is_directory)
    found = (
        SharedFolder("away", path="/mnt/away"), SharedFolder("gone", path="/mnt/gone"),
        SharedFolder("here", path="/mnt/here"), SharedFolder("theirs", path="/mnt/theirs", readers="staff"),
        SharedFolder("in", drop_box=True), SharedFolder("lost", drop_box=True),
    )  # fmt: skip

    async def twice():
        one = Elsewhere()
        first = await one.present(found, ())
        begun = asyncio.get_running_loop().time()
        assert await one.present(found, ()) == first
        return first, asyncio.get_running_loop().time() - begun

    (mounted, away), seconds = asyncio.run(twice())
    assert seconds < 0.9, "it was waited for the second time, too"
    assert mounted == {"/mnt/here": True, "/srv/data/in": False}
    assert away == {"/mnt/away", "/mnt/gone", "/srv/data/lost"}
    assert sorted(asked) == ["/mnt/away", "/mnt/gone", "/mnt/gone", "/mnt/here", "/mnt/here"]


def test_a_directory_is_there_and_a_file_is_not(tmp_path):
    (tmp_path / "file").write_text("")

    async def both():
        one = Elsewhere()
        return await one.answers(str(tmp_path)), await one.answers(str(tmp_path / "file"))

    assert asyncio.run(both()) == (True, False)
