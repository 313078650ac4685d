"""The verbs and flags of `hubinstall user`."""

import argparse


def add_user_verbs(user: argparse.ArgumentParser) -> None:
    verbs = user.add_subparsers(dest="user_verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    add = verb("add", "Make an account, or bring back one that was removed; prints its first password, once.")
    add.add_argument("name", metavar="NAME", help="small letters, digits, `.`, `-` and `_`")
    add.add_argument("--full-name", metavar="NAME", default="", help='such as "Grace Hopper"')
    add.add_argument("--group", metavar="GROUP", action="append", default=[], help="a group that exists; repeatable")
    add.add_argument("--password-stdin", action="store_true", help="the password is the first line of standard input")
    list_ = verb(
        "list", "List the people of this machine: who may log in, whose account is locked, whose home is there."
    )
    list_.add_argument("--json", action="store_true", help="print JSON")
    passwd = verb("passwd", "Set a person's password, which is typed twice. What the old one had opened ends.")
    passwd.add_argument("name", metavar="NAME", help="the account")
    how = passwd.add_mutually_exclusive_group()
    how.add_argument("--stdin", action="store_true", help="the password is the first line of standard input")
    how.add_argument("--generate", action="store_true", help="make one up, and print it")
    remove = verb("remove", "Lock an account, and end its session and server; the home stays, and so does its number.")
    remove.add_argument("name", metavar="NAME", help="the account")
    remove.add_argument(
        "--purge", action="store_true",
        help="move the home away, where only root can read it, and give the name free; the number is never given again",
    )  # fmt: skip
