"""A logo that the hub cannot show is refused before anything changes."""

import pytest

from fakes.host import FakeHost
from hubinstall.preflight import logo
from hubinstall.settings.model import Settings

PNG = "\x89PNG\r\n\x1a\n".encode("latin-1")


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path)
    host.root.chmod(0o755)
    return host


def put(host, path, content=PNG, mode=0o644):
    file = host.path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def found(host, path):
    return list(logo.problems(host, Settings.model_validate({"hub": {"logo": path}})))


@pytest.mark.parametrize("content", [PNG, b'<?xml version="1.0"?>\n<svg xmlns="x"/>', b"\xff\xd8\xff\xe0", b"GIF89a"])
def test_a_picture_for_everyone_is_fine(host, content):
    put(host, "/etc/hubinstall/logo", content)
    assert found(host, "/etc/hubinstall/logo") == []


def test_no_setting_asks_for_no_file(host):
    assert list(logo.problems(host, Settings.model_validate({}))) == []


@pytest.mark.parametrize(
    ("path", "content", "mode", "words"),
    [
        ("/etc/a/l.png", PNG, 0o600, ("not everyone may read /etc/a/l.png", "chmod o+rX /etc/a/l.png")),
        ("/etc/a/l.png", b"hello", 0o644, ("is no PNG", "try one of these")),
        ("/etc/a/l.png", PNG * (1 << 18), 0o644, ("larger than 1 MB", "smaller")),
        ("/home/ada/l.png", PNG, 0o644, ("cannot read /home/ada/l.png there", "in /usr/local/share")),
    ],
)
def test_what_cannot_be_shown_is_named(host, path, content, mode, words):
    put(host, path, content, mode)
    ((at, message, hint),) = found(host, path)
    assert at == ("hub", "logo")
    assert words[0] in message
    assert words[1] in hint


def test_a_missing_file_a_closed_folder_and_a_link_to_a_home(host):
    ((_, message, _),) = found(host, "/etc/none.png")
    assert message == "there is no file /etc/none.png"
    put(host, "/etc/closed/l.png").parent.chmod(0o700)
    ((_, message, _),) = found(host, "/etc/closed/l.png")
    assert message == "not everyone may read /etc/closed"
    put(host, "/home/ada/l.png")
    host.path("/etc/link.png").symlink_to(host.path("/home/ada/l.png"))
    ((_, message, _),) = found(host, "/etc/link.png")
    assert "cannot read /etc/link.png there" in message
