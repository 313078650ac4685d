"""`python -m hubinstall.accounts_helper`: answers on its socket until it is ended."""

import pwd

from hubinstall import layout
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.server import serve
from hubinstall.hubside.sockets import listening


def main() -> None:
    answers = Answers(Policy.load(layout.ACCOUNTS_POLICY))
    hub = pwd.getpwnam(layout.HUB_USER).pw_uid
    serve(listening(layout.ACCOUNTS_SOCKET), answers, only=hub)


if __name__ == "__main__":
    main()
