"""The verbs and flags of `hubinstall course`."""

import argparse

from hubinstall.cli.flags import add_verbose


def add_course_verbs(course: argparse.ArgumentParser) -> None:
    verbs = course.add_subparsers(dest="course_verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    add = verb("add", "Make a course, or add to it: its people, its teachers, its material and its box to hand in.")
    add.add_argument("name", metavar="COURSE", help="small letters, digits, `-` and `_`, such as stats-101")
    add.add_argument("--title", metavar="TITLE", default="", help='such as "Statistics 101"')
    add.add_argument("--teacher", metavar="NAME", action="append", default=[], help="an account; repeatable")
    add.add_argument(
        "--students", metavar="FILE", default="",
        help="CSV, as for `user import`: who has no account gets one, and all are put into the course",
    )  # fmt: skip
    add.add_argument(
        "--environment", metavar="NAME", default="",
        help="of its people's servers, such as one that `environment add --environment NAME` has made",
    )  # fmt: skip
    add.add_argument(
        "--nbgrader", action="store_true",
        help="assignments with nbgrader, which is added to the environment; default for that: one called nbgrader",
    )  # fmt: skip
    add.add_argument(
        "--accept-names", action="store_true",
        help="use the names that are proposed for lines without a name that an account can have",
    )  # fmt: skip
    add_verbose(add)
    list_ = verb("list", "List the courses: how many students, who teaches.")
    list_.add_argument("--json", action="store_true", help="print JSON")
    hand_out = verb("hand-out", "Copy a folder to the material of a course; copies that students have made stay.")
    hand_out.add_argument("name", metavar="COURSE", help="the course")
    hand_out.add_argument("folder", metavar="FOLDER", help="the folder, whose name it has in the material, too")
    collect = verb("collect", "Copy what was handed in to a folder for each person, with a list; prints its path.")
    collect.add_argument("name", metavar="COURSE", help="the course")
    collect.add_argument("--since", metavar="TIME", default="", help="only what came since: 2h, today, 14:30")
    collect.add_argument(
        "--to", metavar="FOLDER", default="",
        help="a folder that only root can write to; default: the share COURSE-collected, which the teachers read",
    )  # fmt: skip
    remove = verb("remove", "End a course; accounts, and the files in its shares, stay.")
    remove.add_argument("name", metavar="COURSE", help="the course")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.add_argument(
        "--without-files", action="store_true",
        help="do not make the archives that its people can fetch from the hub for 30 days",
    )  # fmt: skip
    remove.add_argument(
        "--archive", metavar="FOLDER", default="",
        help="first write a zip for each person, of what was handed in, to a folder that only root can write to",
    )  # fmt: skip
    add_verbose(remove)
