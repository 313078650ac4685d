"""The verbs and flags of `hubinstall user`."""

import argparse

from hubinstall import layout

DAYS, MOST_DAYS = 7, 90
"""For which a one-time link is good: if nothing else is said, and at most."""


def add_user_verbs(user: argparse.ArgumentParser) -> None:
    verbs = user.add_subparsers(dest="user_verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    add = verb("add", "Make an account, or bring back one that was removed; prints its first password, once.")
    add.add_argument("name", metavar="NAME", help="small letters, digits, `.`, `-` and `_`")
    add.add_argument("--full-name", metavar="NAME", default="", help='such as "Grace Hopper"')
    add.add_argument("--group", metavar="GROUP", action="append", default=[], help="a group that exists; repeatable")
    add.add_argument("--password-stdin", action="store_true", help="the password is the first line of standard input")
    invite = verb(
        "invite", "Make one-time links with which people set their password; accounts that do not exist are made."
    )
    invite.add_argument("names", metavar="NAME", nargs="+", help="an account, or the name of a new one")
    _days(invite)
    invite.add_argument(
        "--sheet-folder", metavar="FOLDER", default="",
        help="write the links into this folder, too: a table, and a page to print with QR codes",
    )  # fmt: skip
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
    import_ = verb(
        "import", "Make the accounts of a list, with a first password for each, in a table and on a page to print."
    )
    import_.add_argument(
        "file", metavar="FILE", help="CSV: name, full name, email, group, password; titles are optional"
    )
    import_.add_argument("--dry-run", action="store_true", help="only say what would become of each line")
    import_.add_argument(
        "--accept-names", action="store_true",
        help="use the names that are proposed for lines without a name that an account can have",
    )  # fmt: skip
    import_.add_argument(
        "--invite",
        action="store_true",
        help="no passwords, but one-time links with which people set them; QR codes, too",
    )
    _days(import_)
    import_.add_argument(
        "--sheet-folder", metavar="FOLDER", default=layout.PEOPLE_SHEETS,
        help=f"where to write the passwords; default: {layout.PEOPLE_SHEETS}",
    )  # fmt: skip
    archive = verb("archive", "Write all that is in a person's home into one file, which only root can read.")
    archive.add_argument("name", metavar="NAME", help="the account; it may be locked")
    archive.add_argument("folder", metavar="FOLDER", help="where to write it: a folder that only root can write to")


def _days(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--days", metavar="N", type=_number_of_days, default=DAYS,
        help=f"how long a link is good, at most {MOST_DAYS}; default: {DAYS}",
    )  # fmt: skip


def _number_of_days(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_DAYS:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a number of days, from 1 to {MOST_DAYS}")
