"""PAM itself (the test host's libpam), with a stack of its own in a folder."""

import ctypes
import time

import pamela
import pytest

from hubinstall.accounts_helper import pam

SLOW = "auth optional pam_faildelay.so delay=3000000\n"
STACKS = {
    "open": "auth required pam_permit.so\naccount required pam_permit.so\n",
    "watched": "auth required pam_warn.so\nauth required pam_permit.so\naccount required pam_permit.so\n",
    "closed": f"{SLOW}auth required pam_deny.so\naccount required pam_permit.so\n",
    "expired": "auth required pam_permit.so\naccount required pam_deny.so\n",
    "must change": "auth required pam_permit.so\naccount required pam_debug.so acct=new_authtok_reqd\n",
    "ended": "auth required pam_permit.so\naccount required pam_debug.so acct=acct_expired\n",
    "old": "auth required pam_permit.so\naccount required pam_debug.so acct=authtok_expired\n",
    "hours": "auth required pam_permit.so\naccount required pam_debug.so acct=perm_denied\n",
    "talkative": "auth required pam_echo.so file={folder}/greeting\nauth required pam_permit.so\n"
    "account optional pam_echo.so file={folder}/reason\naccount required pam_deny.so\n",
    "new one": "password required pam_debug.so\n",
    "strict": "password optional pam_echo.so file={folder}/greeting\npassword required pam_deny.so\n",
    "busy": "password required pam_debug.so chauthtok=authtok_lock_busy\n",
    "talkative and closed": "auth required pam_echo.so file={folder}/reason\nauth required pam_deny.so\n",
}


@pytest.fixture(autouse=True)
def stacks(tmp_path, monkeypatch):
    for name, text in STACKS.items():
        (tmp_path / name).write_text(text.format(folder=tmp_path))
    (tmp_path / "greeting").write_text("Welcome.\n")
    (tmp_path / "reason").write_text("Closed for\n \a cleaning\n")
    start = pamela.LIBPAM["pam_start_confdir"]
    start.restype = ctypes.c_int
    pointers = [ctypes.POINTER(pamela.PamConv), ctypes.c_char_p, ctypes.POINTER(pamela.PamHandle)]
    start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, *pointers]
    folder = str(tmp_path).encode()

    def in_folder(service, name, conversation, handle):
        return start(service, name, conversation, folder, handle)

    monkeypatch.setattr(pamela, "PAM_START", in_folder)


def test_who_is_let_in():
    assert pam.refusal("open", "grace", "right") is None


def test_the_modules_stay_loaded():
    """That of SSSD has something to do when the thread ends that has asked it."""
    pam.refusal("watched", "grace", "right")
    with open("/proc/self/maps") as maps:
        assert "/security/pam_warn.so" in maps.read()


@pytest.mark.parametrize("service", ["closed", "talkative and closed"])
def test_a_wrong_password_is_never_told_more(service):
    refused = pam.refusal(service, "grace", "wrong")
    assert refused is not None
    assert (bool(refused.reason), refused.words) == (True, "")


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("must change", "it must be changed first: ask the administrator of this machine"),
        ("ended", "your account has ended. Ask the administrator"),
        ("old", "it was not changed for too long. Ask the administrator"),
        ("hours", "does not let you in now"),
        ("expired", "does not let you in now, for example because of the hour. Ask"),
        ("talkative", "does not let you in now: Closed for cleaning. Ask"),
    ],
)
def test_a_right_password_that_does_not_help_is_told_why(service, words):
    refused = pam.refusal(service, "grace", "right")
    assert refused is not None
    assert refused.words.startswith("Your password is right, but ")
    assert words in refused.words


def test_pam_does_not_wait_after_a_wrong_password():
    began = time.monotonic()
    for _ in range(10):
        pam.refusal("closed", "grace", "wrong")
    assert time.monotonic() - began < 10, "see below: with a wait each takes more than a second"


def test_pam_would_wait():
    """What the test above would not notice if pam_faildelay did nothing here."""
    began = time.monotonic()
    with pytest.raises(pamela.PAMError):
        pamela.authenticate("grace", "wrong", service="closed")
    assert time.monotonic() - began > 1


def test_a_new_password_is_set_or_it_is_said_why_not(monkeypatch):
    monkeypatch.setattr(pam, "PAUSE", 0.0)
    assert pam.change("new one", "grace", "right", "brand-new") == ""
    refused = pam.change("strict", "grace", "right", "brand-new")
    assert refused == "This machine does not take the new password: Authentication token manipulation error."
    assert "Try again in a minute" in pam.change("busy", "grace", "right", "brand-new")
