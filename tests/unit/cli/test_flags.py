"""Flags that are settings: bootstrap.py checks their values with the standard library, in the words of `apply`."""

import subprocess
import sys

import pytest

from checkout_path import CHECKOUT
from hubinstall.cli import flags
from hubinstall.cli.main import bootstrap_parser
from hubinstall.config import typed
from hubinstall.config.validate import load
from hubinstall.errors import BAD_CONFIGURATION, UserError

BAD = (
    ("admin", "Bad / Name"), ("admin", "root"), ("admin", "123"), ("admin", "mallory/reboot"), ("admin", "jupyterhub"),
    ("domain", "https://hub.example.org/"), ("domain", "10.0.0.1"), ("domain", "hub example"), ("email", "ops"),
    ("base_url", "a b"), ("base_url", "https://hub.example.org/x"), ("process_manager", "systemctl"),
    ("process_manager", "1"), ("image", "Big"), ("image", "-x"), ("memory", "much"), ("memory", "1M"),
    ("memory", "true"), ("memory", "0x10"), ("cpu", "0"), ("cpu", "two"), ("cpu", "1e9"), ("cpu", "-1"),
    ("proxy", "socks5://proxy:1"), ("proxy", "proxy:3128"), ("ca_bundle", "ca.pem"),
    ("pip_index", "mirror/simple"), ("npm_registry", "ftp://mirror"),
)  # fmt: skip
GOOD = (
    ("admin", "ada"), ("admin", "max.muster"), ("domain", "hub.example.org"), ("domain", "null"), ("memory", "2G"),
    ("memory", "'2G'"), ("memory", "2147483648"), ("memory", "2G # enough"), ("cpu", "1.5"), ("cpu", "1e1"),
    ("base_url", "/jupyter/"), ("base_url", "jupyter"), ("image", "quay.io/jupyter/scipy-notebook:latest"),
    ("process_manager", "auto"), ("email", "ops@example.org"),
    ("proxy", "http://proxy:3128"), ("ca_bundle", "/etc/ssl/site.pem"), ("pip_index", "https://mirror/simple"),
)  # fmt: skip


def parsed(*pairs):
    return bootstrap_parser().parse_args([f"{flags.name_of(flag)}={text}" for flag, text in pairs])


def applied(flag, text):
    """What `apply` makes of the flag."""
    key = flags.FLAG_SETTINGS.get(flag)
    words = flags.name_of(flag)
    return typed.edited(
        load("").document, [typed.setting(words, key, text) if key else typed.adding(words, "users.admin", text)]
    )


@pytest.mark.parametrize(("flag", "text"), BAD)
def test_a_bad_value_is_refused_in_the_words_of_apply(flag, text):
    with pytest.raises(UserError) as later:
        applied(flag, text)
    with pytest.raises(UserError) as at_once:
        flags.check_values(parsed((flag, text)))
    assert (at_once.value.message, at_once.value.code) == (later.value.message, BAD_CONFIGURATION)
    assert at_once.value.hint == later.value.hint


@pytest.mark.parametrize(("flag", "text"), GOOD)
def test_what_apply_accepts_is_not_refused(flag, text):
    applied(flag, text)
    flags.check_values(parsed((flag, text)))


def test_all_bad_values_are_named_at_once_and_no_password():
    with pytest.raises(UserError) as refused:
        flags.check_values(parsed(("memory", "much"), ("cpu", "two"), ("admin", "Bad / Name:secret-word")))
    assert [line.split(":")[0] for line in refused.value.message.splitlines()] == [
        "--memory much",
        "--cpu two",
        "--admin 'Bad / Name'",
    ]
    assert "secret" not in str(refused.value)


def test_every_flag_has_a_parser():
    assert flags.PARSERS.keys() == flags.FLAG_SETTINGS.keys() | {"admin"}


def test_the_standard_library_is_enough():
    """`-S`: without the packages of this Python."""
    program = (
        f"import sys; sys.path.insert(0, {str(CHECKOUT / 'src')!r})\n"
        "from hubinstall.cli import flags, main\n"
        "flags.check_values(main.bootstrap_parser().parse_args(sys.argv[1:]))"
    )
    argv = [sys.executable, "-I", "-S", "-c", program, "--memory", "much"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    assert "UserError: --memory much: 'much' is not a size; try " in done.stderr
