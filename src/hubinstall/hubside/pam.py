"""A password checked by PAM, without the two seconds that PAM waits after a wrong one.

The wait would hold one of a few threads, and so keep others from logging in. PAM lets a program wait in its own way
(pam_fail_delay(3)): here the authenticator does, which holds nothing meanwhile, and it limits how often one may guess.
"""

from ctypes import CFUNCTYPE, c_int, c_uint, c_void_p, cast

import pamela

FAIL_DELAY = 10
"""PAM_FAIL_DELAY of pam_set_item(3), which pamela does not name."""
# A prototype of its own: pamela's takes texts.
set_item = pamela.LIBPAM["pam_set_item"]
set_item.restype = c_int
set_item.argtypes = [pamela.PamHandle, c_int, c_void_p]


# Called by PAM in place of its wait, with what has come of it, microseconds, and data of ours.
no_delay = CFUNCTYPE(None, c_int, c_uint, c_void_p)(lambda *_: None)


def refusal(service: str, name: str, password: str) -> str | None:
    """PAM's reason why this is not let in: a wrong password, an account that has expired; None where it is.

    As pamela.authenticate, but for the wait. Blocks as long as the modules take.
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
