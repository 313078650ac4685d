"""What builds have downloaded: given to the next build if it is what the list says, and taken from nobody's link."""

import hashlib
import os

import pytest

from fakes.docker import Docker
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.resources.docker import wheels

BASE, OTHER = "hubinstall/default:1", "quay.io/a/b:2"
PLACE, BUILT = "/srv/wheels", "/srv/built"
CONTENT = {"humanize-4.17.0-py3-none-any.whl": "wheel of humanize", "emoji-2.0-py3-none-any.whl": "wheel of emoji"}
SUMS = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in CONTENT.items()}
HUMANIZE, EMOJI = SUMS
LIST = f"""\
# What these packages mean
# of hubinstall/default/stats, made from 0
--index-url https://u:p@mirror/simple
humanize==4.17.0 \\
    --hash=sha256:{"0" * 64} \\
    --hash=sha256:{SUMS[HUMANIZE]}
emoji==2.0 \\
    --hash=sha256:{SUMS[EMOJI]}
"""
OPTION = "--index-url https://u:p@mirror/simple\n"
EMOJIS = f"emoji==2.0 --hash=sha256:{SUMS[EMOJI]}\n"


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    host = FakeHost(tmp_path, Docker(images={BASE: "id-base", OTHER: "id-other"}).answers())
    for folder in (layout.CACHE, PLACE, BUILT):
        host.path(folder).mkdir(parents=True)
    return host


def built(host, *names):
    for name in names:
        host.put(f"{BUILT}/{name}", CONTENT[name])


def test_what_one_build_has_downloaded_the_next_one_gets(host):
    assert wheels.bring(host, BASE, LIST, PLACE).count("==") == 2
    built(host, HUMANIZE)
    wheels.keep(host, BASE, LIST, BUILT)
    assert wheels.bring(host, BASE, LIST, PLACE) == OPTION + EMOJIS
    assert host.names(PLACE) == [HUMANIZE]
    assert host.text(f"{PLACE}/{HUMANIZE}") == CONTENT[HUMANIZE]
    assert wheels.size(host) == len(CONTENT[HUMANIZE])


def test_a_wheel_for_the_python_of_one_image_is_not_for_another(host):
    built(host, HUMANIZE)
    wheels.keep(host, BASE, LIST, BUILT)
    assert wheels.bring(host, OTHER, LIST, PLACE).count("==") == 2


def test_what_the_list_does_not_name_is_not_kept(host):
    built(host, HUMANIZE)
    host.put(f"{BUILT}/{EMOJI}", "another program under this name")
    host.put(f"{BUILT}/sitecustomize.py", CONTENT[EMOJI])
    wheels.keep(host, BASE, LIST, BUILT)
    assert wheels.bring(host, BASE, LIST, PLACE) == OPTION + EMOJIS


def test_no_link_of_a_build_is_followed(host):
    host.put(f"/root/{EMOJI}", CONTENT[EMOJI])
    host.path(f"{BUILT}/{EMOJI}").symlink_to(host.path(f"/root/{EMOJI}"))
    os.mkfifo(host.path(f"{BUILT}/{HUMANIZE}"))
    wheels.keep(host, BASE, LIST, BUILT)
    host.path("/srv/linked").symlink_to(host.path("/root"))
    wheels.keep(host, BASE, LIST, "/srv/linked")
    wheels.keep(host, BASE, LIST, "/srv/nosuch")
    assert wheels.size(host) == 0


def test_a_file_that_was_changed_on_the_disk_goes_and_is_downloaded_again(host):
    built(host, HUMANIZE, EMOJI)
    wheels.keep(host, BASE, LIST, BUILT)
    [path] = host.path(layout.WHEELS).glob(f"*/*{EMOJI}")
    path.write_text("half of it")
    assert wheels.bring(host, BASE, LIST, PLACE) == OPTION + EMOJIS
    assert host.names(PLACE) == [HUMANIZE]
    assert not path.exists()


def test_what_was_not_used_for_the_longest_time_goes_first(host, monkeypatch):
    built(host, HUMANIZE, EMOJI)
    wheels.keep(host, BASE, LIST, BUILT)
    [path] = host.path(layout.WHEELS).glob(f"*/*{HUMANIZE}")
    os.utime(path, (1, 1))
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text("of a run that was killed")
    monkeypatch.setattr(wheels, "MOST", len(CONTENT[EMOJI]))
    host.remove(f"{BUILT}/{HUMANIZE}")
    wheels.keep(host, BASE, LIST, BUILT)
    assert wheels.size(host) == len(CONTENT[EMOJI])
    assert not path.exists()
    assert not unfinished.exists()
