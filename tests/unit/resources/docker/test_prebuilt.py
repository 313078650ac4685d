"""An image that was built elsewhere: only what was asked for becomes the copy, and then nothing is built."""

import hashlib
import json

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.user_image import environment, reference
from hubinstall.errors import UserError
from hubinstall.resources.base import look
from hubinstall.resources.docker.prebuilt import Prebuilt
from hubinstall.settings.model import Settings

NAME, TARGET = "hubinstall/default:c0ffee", "/var/lib/image.tar.zst"
URL, FILE = "http://www.example.org/image.tar.zst", "/root/image.tar.zst"
CONTENT = b"an archive"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def served(host, content=CONTENT, *, error=""):
    """apt-helper's answers (apt 2.6)."""

    def answer(argv, _):
        target, promised = argv[-2].removeprefix(str(host.root)), argv[-1]
        if error:
            return 100, "", f"Err:1 {URL}\nE: Failed to fetch {URL}  {error}\nE: Download Failed\n"
        if promised != f"SHA256:{hashlib.sha256(content).hexdigest()}":
            host.put(f"{target}.FAILED", content.decode())
            return 100, "", f"E: Failed to fetch {URL}  Hash Sum mismatch\nE: Download Failed\n"
        host.put(target, content.decode())
        return ""

    host.answers["/usr/lib/apt/apt-helper"] = answer


def holding(host, *names):
    host.answers["bash -o pipefail -c zstd"] = json.dumps([{"RepoTags": [name]} for name in names])


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    served(host)
    holding(host, NAME)
    host.put(FILE, CONTENT.decode())
    return host


@pytest.mark.parametrize("place", [URL, FILE])
def test_it_becomes_the_copy(host, place):
    Prebuilt(place, SHA256, NAME).bring(host, TARGET)
    assert host.read(TARGET) == CONTENT
    assert host.names("/var/lib") == ["image.tar.zst"]
    assert host.read(FILE) == CONTENT


@pytest.mark.parametrize("place", [URL, FILE])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda host: served(host, b"other") or host.put(FILE, "other"), "another SHA-256 than environment.archive"),
        (lambda host: holding(host, "python:3.12"), "holds python:3.12, not hubinstall/default:c0ffee"),
        (holding, "holds no image, not hubinstall/default:c0ffee"),
        (lambda host: host.answers.pop("bash -o pipefail -c zstd"), "holds no image"),
        (lambda host: host.answers.update({"bash -o pipefail -c zstd": '{"a": [1]}'}), "holds no image"),
    ],
    ids=["hash", "another image", "no names", "no archive", "another list"],
)  # fmt: skip
def test_what_was_not_asked_for_is_refused_and_nothing_is_left(host, place, change, words):
    change(host)
    with pytest.raises(UserError) as refused:
        Prebuilt(place, SHA256, NAME).bring(host, TARGET)
    assert words in refused.value.message
    assert place in refused.value.message
    assert refused.value.hint
    assert host.names("/var/lib") == []


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        ("404  File not found [IP: 127.0.0.1 80]", "environment.archive"),
        ("Could not resolve 'www.example.org'", "network.proxy"),
        ("407  Proxy Authentication Required [IP: 10.1.2.3 3128]", "USER:PASSWORD@HOST:PORT"),
    ],
)
def test_a_server_that_does_not_give_it(host, error, setting):
    served(host, error=error)
    with pytest.raises(UserError, match=r"example\.org/image\.tar\.zst could not be downloaded") as refused:
        Prebuilt(URL, SHA256, NAME).bring(host, TARGET)
    assert error in refused.value.hint
    assert "environment.archive" in refused.value.hint
    assert setting in refused.value.hint
    assert host.names("/var/lib") == []


def test_a_file_that_is_not_there(host):
    host.remove(FILE)
    with pytest.raises(UserError, match=f"there is no archive {FILE}"):
        Prebuilt(FILE, SHA256, NAME).bring(host, TARGET)


def test_with_the_setting_the_image_is_got_and_not_built(host):
    settings = Settings.model_validate({"environment": {"archive": {"url": FILE, "sha256": SHA256}}})
    wished = environment(settings, fake_facts(), docker=())
    holding(host, reference(fake_facts()))
    folder, root, _ = wished.resources
    for resource in (folder, root):
        host.path(resource.name).parent.mkdir(parents=True, exist_ok=True)
        resource.apply(host, look(resource, host))
        assert look(resource, host) is None
    assert host.read(wished.source.archive) == CONTENT
    assert not any("build.sh" in command for command in host.commands)
    plain = environment(Settings(), fake_facts(), docker=())
    assert [r.name for r in plain.resources] == [r.name for r in wished.resources]
    assert folder.name == layout.IMAGES
