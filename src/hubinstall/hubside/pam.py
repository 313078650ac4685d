"""Check a password with PAM, without PAM's delay of two seconds after a wrong one.

The delay would block one of a few threads, and so keep others from logging in. PAM lets a program do its own delay
(pam_fail_delay(3)): here the authenticator does it without blocking a thread, and also limits password guessing.
"""

from ctypes import CFUNCTYPE, c_int, c_uint, c_void_p, cast

import pamela

FAIL_DELAY = 10
"""PAM_FAIL_DELAY of pam_set_item(3), which pamela does not name."""
# With argument types of our own: pamela's take a string.
set_item = pamela.LIBPAM["pam_set_item"]
set_item.restype = c_int
set_item.argtypes = [pamela.PamHandle, c_int, c_void_p]


# PAM calls it instead of its delay, with the result of the check, microseconds and our data.
no_delay = CFUNCTYPE(None, c_int, c_uint, c_void_p)(lambda *_: None)


def refusal(service: str, name: str, password: str) -> str | None:
    """PAM's reason for rejecting the login, such as a wrong password or an expired account; None if it is accepted.

    Like pamela.authenticate, without the delay. Blocks as long as the PAM modules take.
    """
    conversation = pamela.new_simple_password_conv((password,), "utf8")
    handle = pamela.pam_start(service, name, conv_func=conversation)
    result = set_item(handle, FAIL_DELAY, cast(no_delay, c_void_p))
    if result == pamela.PAM_SUCCESS:
        result = pamela.PAM_AUTHENTICATE(handle, 0)
    if result == pamela.PAM_SUCCESS:
        result = pamela.PAM_ACCT_MGMT(handle, 0)
    if result == pamela.PAM_SUCCESS:
        pamela.PAM_SETCRED(handle, pamela.PAM_REINITIALIZE_CRED)
    words = None if result == pamela.PAM_SUCCESS else str(pamela.pam_strerror(handle, result))
    pamela.PAM_END(handle, result)
    return words
