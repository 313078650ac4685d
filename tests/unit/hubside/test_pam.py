"""PAM itself (the test host's libpam), with a stack of its own in a folder."""

import ctypes
import time

import pamela
import pytest

from hubinstall.hubside import pam

SLOW = "auth optional pam_faildelay.so delay=3000000\n"
STACKS = {
    "open": "auth required pam_permit.so\naccount required pam_permit.so\n",
    "closed": f"{SLOW}auth required pam_deny.so\naccount required pam_permit.so\n",
    "expired": "auth required pam_permit.so\naccount required pam_deny.so\n",
}


@pytest.fixture(autouse=True)
def stacks(tmp_path, monkeypatch):
    for name, text in STACKS.items():
        (tmp_path / name).write_text(text)
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


@pytest.mark.parametrize("service", ["closed", "expired"])
def test_who_is_not(service):
    assert pam.refusal(service, "grace", "wrong")


def test_pam_does_not_wait_after_a_wrong_password():
    began = time.monotonic()
    for _ in range(5):
        pam.refusal("closed", "grace", "wrong")
    assert time.monotonic() - began < 1


def test_pam_would_wait():
    """What the test above would not notice if pam_faildelay did nothing here."""
    began = time.monotonic()
    with pytest.raises(pamela.PAMError):
        pamela.authenticate("grace", "wrong", service="closed")
    assert time.monotonic() - began > 1
