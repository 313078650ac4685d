"""The command: it turns verbs and flags into calls, and results into exit codes.

0 success or nothing to do · 1 failure · 2 wrong usage · 3 something does not work (`status`), or differences found
(`plan --check`, `status --check`) · 75 another run holds the lock · 78 invalid configuration.
"""

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from hubinstall import __version__, layout
from hubinstall.cli.course_flags import add_course_verbs
from hubinstall.cli.environment_flags import add_environment_verbs
from hubinstall.cli.flags import add_setting_flags, add_verbose
from hubinstall.cli.parser import Parser
from hubinstall.cli.user_flags import add_user_verbs
from hubinstall.errors import OF_NUMBER, UserError, of_system
from hubinstall.installation import prefetch
from hubinstall.machine.host import Host

MANY: dict[str, dict[str, Any]] = {
    "pairs": {"nargs": "+", "metavar": "KEY VALUE"},
    "keys": {"nargs": "+", "metavar": "KEY"},
    "items": {"nargs": "+", "metavar": "ITEM"},
}
"""Arguments of `config` that can be repeated."""
WITH_A_PLAN = ("plan", "apply", "status")


def parser() -> Parser:
    """All verbs and flags; the reference page is generated from it."""
    top = Parser(prog="hubinstall", description="One machine, one JupyterHub.")
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    add_setting_flags(verb("plan", "Show exactly what apply would change, without changing anything."), plan=True)
    add_setting_flags(
        verb("apply", "Bring the machine to the state that config.yaml describes, and log in to test it.")
    )
    status = verb("status", "Show whether everything works (exit code 3 if not), and what differs from config.yaml.")
    status.add_argument("--check", action="store_true", help="exit with 3 if something differs, too")
    status.add_argument("--json", action="store_true", help="print JSON")
    check = verb("verify", "Log in, start a server and run a cell, as a person would.")
    check.add_argument(
        "--sign-on", action="store_true", help="go from the sign-on page to the provider, too (auth.type: oidc)"
    )
    uninstall = verb("uninstall", "Remove JupyterHub from this machine; homes, accounts and shared data stay.")
    uninstall.add_argument("--yes", action="store_true", help="really do it; without this flag nothing happens")
    add_verbose(uninstall)
    add_config_verbs(verb("config", "Show and change settings; comments in the file are kept."))
    add_user_verbs(verb("user", "Add and remove people, set their passwords; who has an account here can log in."))
    add_environment_verbs(verb("environment", "Add and remove packages for everybody's servers."))
    add_course_verbs(verb("course", "Add and remove courses: people, teachers, material and handing in by one name."))
    add_certificate_verbs(verb("certificate", "Show the certificate, or request a new one."))
    for name, text in {"start": "Start", "stop": "Stop", "restart": "Restart"}.items():
        one = verb(name, f"{text} the services of hubinstall; people's servers are not affected.")
        one.add_argument("service", nargs="?", help="only this service, such as jupyterhub")
        if name == "restart":
            one.add_argument(
                "--hard",
                action="store_true",
                help="restart nginx too, which cuts open connections; without this flag it reloads",
            )
    logs = verb("logs", "Show what hubinstall's last run did (problems first), or the log of a service.")
    logs.add_argument("service", nargs="?", help="such as jupyterhub; default: hubinstall's own log")
    logs.add_argument("--since", metavar="TIME", default="", help="such as 30min, 2h, today, 14:30")
    logs.add_argument(
        "--person", metavar="NAME", default="",
        help="what the hub's log says about one person, and the last output of that person's server",
    )  # fmt: skip
    logs.add_argument("-f", "--follow", action="store_true", help="follow new output")
    logs.add_argument("-n", "--lines", type=int, default=100, help="number of lines (default: 100)")
    add_top(verb("top", "Show whose servers run, since when, and what they use; the one with the most memory first."))
    add_announce_flags(
        verb("announce", "Show a text on the hub's pages, at once; without a text, print what is shown.")
    )
    add_import_tljh(verb("import-tljh", "Print our config.yaml for a config.yaml of The Littlest JupyterHub."))
    bundle = verb("bundle", "Make a file from which other machines of this release are installed without a network.")
    bundle.add_argument("file", metavar="FILE", help="the file to write, about half a GB")
    verb("version", "Show the version.")
    words = verb("help", "Show the verbs, or what one of them does and takes.")
    words.add_argument("words", nargs="*", metavar="VERB", help="such as config set")
    return top


def add_top(top: argparse.ArgumentParser) -> None:
    top.add_argument("--since", metavar="TIME", default="", help="sums since then, at most 90 days: such as 7d, today")
    top.add_argument("--history", action="store_true", help="sums of the last 90 days")
    top.add_argument("--json", action="store_true", help="print JSON")


def bootstrap_parser() -> Parser:
    """The flags of bootstrap.py, which passes them to `apply`. It calls this when only Python itself is installed."""
    top = Parser(prog="bootstrap.py", description="Install JupyterHub on this machine, or update it to this version.")
    add_setting_flags(top)
    top.add_argument(
        "--bundle", metavar="FILE", help="an offline bundle (`hubinstall bundle FILE`): nothing comes from the network"
    )
    return top


def add_config_verbs(config: argparse.ArgumentParser) -> None:
    verbs = config.add_subparsers(dest="config_verb", required=True, metavar="VERB")
    for name, text, words in (
        ("show", "Print the file.", ()),
        ("schema", "Print a JSON schema of the file, for editors.", ()),
        ("example", "Print a commented example of the file.", ()),
        ("proxy-snippet", "Print the configuration that a web server in front of this one needs.", ()),
        ("get", "Print the value of a key, such as limits.memory; what is not set has its default.", ("key",)),
        ("set", "Set keys, all at once: limits.memory 2G limits.cpu 2, or limits.memory=2G limits.cpu=2.", ("pairs",)),
        ("unset", "Remove keys, all at once, such as domain https.letsencrypt.", ("keys",)),
        ("add-item", "Add items to a list, such as users.admin alice.", ("key", "items")),
        ("remove-item", "Remove items from a list.", ("key", "items")),
        ("edit", "Open the file in $VISUAL or $EDITOR; what you save counts only if it is valid.", ()),
        ("reload", "The same as apply.", ()),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        for word in words:
            verb.add_argument(word, **MANY.get(word, {}))
        if name == "edit" or (words and name != "get"):
            verb.add_argument("--apply", action="store_true", help="apply the change at once")
        if name == "reload" or (words and name != "get"):
            add_verbose(verb)
        if name == "proxy-snippet":
            verb.add_argument("server", nargs="?", choices=("nginx", "apache"), default="nginx", help="default: nginx")


def add_announce_flags(announce: argparse.ArgumentParser) -> None:
    announce.add_argument("text", nargs="*", metavar="TEXT", help="plain text")
    announce.add_argument("--until", metavar="TIME", default="", help="such as 2h, today, 18:00, 2026-12-01")
    announce.add_argument("--clear", action="store_true", help="remove it")


def add_import_tljh(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help="a copy of /opt/tljh/config/config.yaml")
    verb.add_argument("--output", metavar="FILE", default="", help="write a new file instead; none is ever replaced")


def add_certificate_verbs(certificate: argparse.ArgumentParser) -> None:
    verbs = certificate.add_subparsers(dest="certificate_verb", required=True, metavar="VERB")
    text = "Show who issued the certificate, when it expires, and the last failure."
    status = verbs.add_parser("status", help=text, description=text)
    status.add_argument("--json", action="store_true", help="print JSON")
    text = "Renew the certificate now, and reload nginx. A certificate that is not due for renewal stays."
    renew = verbs.add_parser("renew", help=text, description=text)
    renew.add_argument(
        "--force", action="store_true", help="request a new one, due or not; authorities allow only a few a week"
    )
    renew.add_argument("--if-due", action="store_true", help="only if renewal is due; the timer runs this")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; every failure becomes a message and an exit code."""
    if argv is None:
        gc.disable()  # the process ends soon, and keeps until then what it loads and reads
    top = parser()
    arguments = top.parse_args(argv)
    if arguments.verb == "help":
        top.find(arguments.words).print_help()
        return 0
    host = Host()
    if arguments.verb in WITH_A_PLAN:
        prefetch.begin(host)
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = (
        "__all__"  # we have none, and pydantic would read the metadata of every package
    )
    from hubinstall.cli import config, verbs  # noqa: PLC0415 - `--help` and wrong usage do not need them

    call: Callable[[argparse.Namespace, Host], int] = (
        config.config if arguments.verb == "config" else getattr(verbs, arguments.verb.replace("-", "_"))
    )
    try:
        code = call(arguments, host)
        sys.stdout.flush()
        return code
    except UserError as error:
        placed = str(error).startswith(layout.CONFIG_FILE)
        print(error if placed else f"hubinstall: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("\nhubinstall: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # noqa: BLE001 - the only place that turns our bugs into a message
        unexpected(error)
        return 1


def unexpected(error: Exception) -> None:
    """Say what the system refused (a full disk), or that it is a bug; called while the exception is handled."""
    if isinstance(error, PermissionError) and os.geteuid() != 0:
        print(f"hubinstall: only root can access {error.filename}\n  Run it again as root, with sudo.", file=sys.stderr)
        return
    if isinstance(error, OSError) and error.errno in OF_NUMBER:
        print(f"hubinstall: {of_system(error)}", file=sys.stderr)
        return
    traceback.print_exc()
    print(f"hubinstall: this is a bug in hubinstall {__version__}; report it with the lines above and "
          f"the end of {layout.LOG_FILE}", file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
