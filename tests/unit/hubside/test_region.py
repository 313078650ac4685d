"""The machine's time zone and language, as the files in /etc say them."""

import pytest

from hubinstall.hubside import container, region
from hubinstall.hubside.container import machines_region


@pytest.mark.parametrize(
    ("target", "timezone", "expected"),
    [
        ("/usr/share/zoneinfo/Asia/Kathmandu", "Etc/UTC\n", {"TZ": "Asia/Kathmandu"}),
        ("../usr/share/zoneinfo/Europe/Berlin", "", {"TZ": "Europe/Berlin"}),
        ("/usr/share/zoneinfo/Etc/GMT+5", "", {"TZ": "Etc/GMT+5"}),
        ("/somewhere/else", "Europe/Oslo\n", {"TZ": "Europe/Oslo"}),
        (None, "America/Argentina/Ushuaia\n", {"TZ": "America/Argentina/Ushuaia"}),
        (None, "not a zone\n", {}),
        (None, "", {}),
    ],
)
def test_the_zone_has_the_name_that_localtime_links_to(tmp_path, target, timezone, expected):
    if target:
        (tmp_path / "localtime").symlink_to(target)
    else:
        (tmp_path / "localtime").write_bytes(b"TZif2")
    if timezone:
        (tmp_path / "timezone").write_text(timezone)
    assert region.time_zone(str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("LANG=de_DE.UTF-8\n", {"LANG": "de_DE.UTF-8"}),
        (
            '#  by update-locale\nexport LANG="en_GB.UTF-8"\nLC_TIME=de_AT.UTF-8 # dates\nLANGUAGE=en_GB:en\n',
            {"LANG": "en_GB.UTF-8", "LC_TIME": "de_AT.UTF-8", "LANGUAGE": "en_GB:en"},
        ),
        ("LANG=\nPATH=/tmp\nLC_ALL=$(reboot)\nLANG 'x\n\xff\n", {}),
    ],
)
def test_the_language_is_what_a_login_on_the_machine_has(tmp_path, content, expected):
    (tmp_path / "default").mkdir()
    (tmp_path / "default/locale").write_bytes(content.encode("latin-1"))
    assert region.language(str(tmp_path)) == expected


def test_where_debian_has_no_file_systemds_counts(tmp_path):
    (tmp_path / "locale.conf").write_text("LANG=sv_SE.UTF-8\n")
    assert region.language(str(tmp_path)) == {"LANG": "sv_SE.UTF-8"}
    assert region.language(str(tmp_path / "nowhere")) == {}


def test_an_image_by_name_gets_the_zone_and_keeps_its_language(monkeypatch):
    monkeypatch.setattr(region, "time_zone", lambda: {"TZ": "Europe/Berlin"})
    monkeypatch.setattr(region, "language", lambda: {"LANG": "de_DE.UTF-8"})
    assert machines_region(f"{container.layout.IMAGE_REPOSITORY}:1") == {"TZ": "Europe/Berlin", "LANG": "de_DE.UTF-8"}
    assert machines_region("quay.io/jupyter/base-notebook") == {"TZ": "Europe/Berlin"}
