"""The verbs and flags of `hubinstall environment`."""

import argparse

from hubinstall.cli.flags import add_verbose


def add_environment_verbs(environment: argparse.ArgumentParser) -> None:
    verbs = environment.add_subparsers(dest="environment_verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    add = verb("add", "Add packages for everybody: resolved, built as a layer, tried; the next start has them.")
    add.add_argument("packages", nargs="*", metavar="PACKAGE", help="of Python, such as xgboost or 'polars>=1'")
    add.add_argument(
        "--apt",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="of the distribution, such as graphviz; repeatable",
    )
    add.add_argument(
        "--r", metavar="PACKAGE", action="append", default=[],
        help="of R, as the distribution has it, such as tidyverse; repeatable. R comes with it",
    )  # fmt: skip
    remove = verb("remove", "Remove packages that were added, of any kind, with what only they needed.")
    remove.add_argument("packages", nargs="+", metavar="PACKAGE", help="as it was added; a version is not needed")
    undo = verb("undo", "Go back to the packages of before the last change; the same again takes that back.")
    for changing in (add, remove, undo):
        changing.add_argument(
            "--environment", metavar="NAME", default="default", help="which one; default: the one that everyone gets"
        )
        add_verbose(changing)
    list_ = verb("list", "List the environments, what was added to them, and what they take on the disk.")
    list_.add_argument("--json", action="store_true", help="print JSON")
