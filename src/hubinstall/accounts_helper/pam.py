"""Check and change a password with PAM, without PAM's delay of two seconds after a wrong one.

The delay would block one of a few threads, and so keep others from logging in. PAM lets a program do its own delay
(pam_fail_delay(3)): here the authenticator does it without blocking a thread, and also limits password guessing.
"""

import re
from ctypes import CDLL, CFUNCTYPE, POINTER, c_char_p, c_int, c_uint, c_void_p, cast, sizeof
from pathlib import Path
from time import sleep
from typing import Any

import pamela

from hubinstall.hubside.helper import Refusal

FAIL_DELAY = 10
"""PAM_FAIL_DELAY of pam_set_item(3), which pamela does not name."""
NEW_PASSWORD_REQUIRED, ACCOUNT_EXPIRED, PASSWORD_EXPIRED = 12, 13, 27
"""PAM_NEW_AUTHTOK_REQD, PAM_ACCT_EXPIRED and PAM_AUTHTOK_EXPIRED of pam_acct_mgmt(3)."""
AS_ITS_OWNER = 0x20
"""PAM_CHANGE_EXPIRED_AUTHTOK of pam_chauthtok(3). Without it pam_unix and pam_pwquality let root set anything; with it
they ask for the present password, and their rules hold as for the person, although it is root who asks.
"""
LOCK_BUSY = 22
"""PAM_AUTHTOK_LOCK_BUSY: another program is writing /etc/shadow."""
TRIES, PAUSE = 20, 0.25
"""How often that is waited for, and seconds between."""
# With argument types of our own: pamela's take a string.
set_item = pamela.LIBPAM["pam_set_item"]
set_item.restype = c_int
set_item.argtypes = [pamela.PamHandle, c_int, c_void_p]

MODULE = re.compile(r"/\S+/security/\S+\.so$", re.MULTILINE)
"""A line's end in /proc/self/maps (proc(5))."""
_kept: dict[str, CDLL] = {}

CHANGE = (
    "Your password is right, but it must be changed first: ask the administrator of this machine, or log in to it with"
    " ssh if you may."
)
ASK = "Ask the administrator of this machine."
WORDS = {
    NEW_PASSWORD_REQUIRED: CHANGE,
    ACCOUNT_EXPIRED: f"Your password is right, but your account has ended. {ASK}",
    PASSWORD_EXPIRED: f"Your password is right, but it was not changed for too long. {ASK}",
}


# PAM calls it instead of its delay, with the result of the check, microseconds and our data.
no_delay = CFUNCTYPE(None, c_int, c_uint, c_void_p)(lambda *_: None)


def refusal(service: str, name: str, password: str) -> Refusal | None:
    """Why PAM rejects the login, such as a wrong password or an expired account; None if it is accepted.

    Like pamela.authenticate, without the delay. Blocks as long as the PAM modules take. Nobody gets credentials
    (pam_setcred(3)): here they would be root's process that gets a person's groups and tickets.
    """
    said: list[str] = []
    conversation = answering([password], said)
    handle = started(service, name, conversation)
    result, right = without_delay(handle), False
    if result == pamela.PAM_SUCCESS:
        result = pamela.PAM_AUTHENTICATE(handle, 0)
    if result == pamela.PAM_SUCCESS:
        right = True
        said.clear()
        result = pamela.PAM_ACCT_MGMT(handle, 0)
    reason = "" if result == pamela.PAM_SUCCESS else str(pamela.pam_strerror(handle, result))
    pamela.PAM_END(handle, result)
    if not reason:
        return None
    return Refusal(" ".join([reason, *said]), in_words(result, said) if right else "")


def started(service: str, name: str, conversation: Any) -> Any:
    """PAM's handle. The modules that it has loaded stay in memory.

    Some leave something to be done when a thread ends (pam_sss of SSSD 2.8: pthread_key_create(3)). pam_end unloads
    them, and the end of the thread would then jump to where nothing is: the whole helper dies.
    """
    handle = pamela.pam_start(service, name, conv_func=conversation)
    for path in MODULE.findall(Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")):
        if path not in _kept:
            _kept[path] = CDLL(path)
    return handle


def without_delay(handle: Any) -> int:
    """PAM's result."""
    return int(set_item(handle, FAIL_DELAY, cast(no_delay, c_void_p)))


def in_words(result: int, said: list[str]) -> str:
    """What a person can do whose password is right. `said`: what the modules told, such as the content of /run/nologin.

    Debian's common-account turns most results of pam_unix into one, so what it said is often all there is.
    """
    if result in WORDS:
        return WORDS[result]
    told = f": {' '.join(said)}" if said else ", for example because of the hour."
    told = told if told.endswith((".", "!")) else f"{told}."
    return f"Your password is right, but this machine does not let you in now{told} {ASK}"


def change(service: str, name: str, password: str, new: str) -> str:
    """Set the new password of an account of /etc/shadow whose present one is `password`; why not, or "" if it is set.

    Not for two threads at once. It is set by one rename (pam_unix(8)): a process that is killed leaves the old one.
    """
    return _set(service, name, [password, new, new], AS_ITS_OWNER)


def set_new(service: str, name: str, new: str) -> str:
    """The same for an account whose present password is not asked for. This unlocks an account that never had one."""
    return _set(service, name, [new, new], 0)


def _set(service: str, name: str, answers: list[str], flags: int) -> str:
    for left in reversed(range(TRIES)):
        said: list[str] = []
        conversation = answering(answers, said, errors=True)  # PAM's reference does not keep it
        handle = started(service, name, conversation)
        result = without_delay(handle)
        if result == pamela.PAM_SUCCESS:
            result = pamela.PAM_CHAUTHTOK(handle, flags)
        reason = str(pamela.pam_strerror(handle, result))
        pamela.PAM_END(handle, result)
        if result == pamela.PAM_SUCCESS:
            return ""
        if result != LOCK_BUSY or not left:
            break
        sleep(PAUSE)
    if result == LOCK_BUSY:
        return "The accounts of this machine are being changed just now. Try again in a minute."
    return f"This machine does not take the new password: {(said or [reason])[0].removesuffix('.')}."


def answering(answers: list[str], said: list[str], *, errors: bool = False) -> Any:
    """A conversation (pam_conv(3)) that gives the answers to the questions without echo, one after the other, and keeps
    what modules tell in `said`. `errors`: only what they call one; and none of it is passed over. What pam_pwquality
    has against a password it only tells root, and asks for it once more: that question is not answered then.
    """
    left = [answer.encode() for answer in reversed(answers)]
    told = {pamela.PAM_ERROR_MSG} if errors else {pamela.PAM_ERROR_MSG, pamela.PAM_TEXT_INFO}

    @pamela.CONV_FUNC  # type: ignore[untyped-decorator]  # pamela has no types
    def converse(count: int, messages: Any, responses: Any, _data: Any) -> int:
        address = pamela.CALLOC(count, sizeof(pamela.PamResponse))
        responses[0] = cast(address, POINTER(pamela.PamResponse))
        for index in range(count):
            message = messages[index].contents
            if message.msg_style == pamela.PAM_PROMPT_ECHO_OFF:
                if not left or (errors and said):
                    return 1
                responses.contents[index].resp = pamela.STRDUP(left.pop())
                responses.contents[index].resp_retcode = 0
            elif message.msg_style in told:
                said.extend(filter(None, [printable(cast(message.msg, c_char_p).value or b"")]))
        return 0

    return converse


def printable(text: bytes) -> str:
    """One line of limited length without control characters."""
    words = "".join(character if character.isprintable() else " " for character in text.decode(errors="replace"))
    return " ".join(words.split())[:500]
