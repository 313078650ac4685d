"""The command: verbs and flags become calls; exit codes.

0 done or nothing to do · 1 failed · 2 wrong usage · 3 differences found (`plan --check`, `status --check`) ·
75 another run holds the lock · 78 bad configuration.
"""

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from hubinstall import __version__, layout
from hubinstall.cli.flags import add_setting_flags
from hubinstall.errors import OF_NUMBER, UserError, of_system
from hubinstall.installation import prefetch
from hubinstall.machine.host import Host

WITH_A_PLAN = ("plan", "apply", "status")


def parser() -> argparse.ArgumentParser:
    """All verbs and flags; the reference page and a test are made from it."""
    top = argparse.ArgumentParser(prog="hubinstall", description="One machine, one JupyterHub.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text, allow_abbrev=False)

    add_setting_flags(verb("plan", "Show exactly what apply would change; change nothing."), plan=True)
    add_setting_flags(verb("apply", "Bring the machine to what config.yaml says, and log in for real to see."))
    status = verb("status", "Show whether everything works, and what differs from config.yaml.")
    status.add_argument("--check", action="store_true", help="exit 3 when something differs or does not work")
    status.add_argument("--json", action="store_true", help="for programs")
    verb("verify", "Log in, start a server and run a cell, as a person would.")
    uninstall = verb("uninstall", "Take away what hubinstall made; homes, accounts and shared data stay.")
    uninstall.add_argument("--yes", action="store_true", help="do it; without it nothing happens")
    add_config_verbs(verb("config", "Show and change settings; comments in the file stay."))
    add_certificate_verbs(verb("certificate", "Show the certificate, or ask for a new one."))
    for name, text in {"start": "Start", "stop": "Stop", "restart": "Restart"}.items():
        one = verb(name, f"{text} the services of hubinstall; people's servers are left alone.")
        one.add_argument("service", nargs="?", help="only this one, such as jupyterhub")
    logs = verb("logs", "Show what a service, or hubinstall itself, wrote.")
    logs.add_argument("service", nargs="?", help="such as jupyterhub; absent: hubinstall's own log")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as it grows")
    logs.add_argument("-n", "--lines", type=int, default=100, help="how many lines (default 100)")
    verb("version", "Show the version.")
    return top


def bootstrap_parser() -> argparse.ArgumentParser:
    """The flags of bootstrap.py, which hands them to `apply`; it asks when nothing but Python itself is there."""
    top = argparse.ArgumentParser(
        prog="bootstrap.py", description="Set up a JupyterHub on this machine, or bring it to this version.",
        allow_abbrev=False,
    )  # fmt: skip
    add_setting_flags(top)
    return top


def add_config_verbs(config: argparse.ArgumentParser) -> None:
    verbs = config.add_subparsers(dest="config_verb", required=True, metavar="VERB")
    for name, text, words in (
        ("show", "Print the file.", ()),
        ("schema", "Print a JSON schema of the file, for editors.", ()),
        ("example", "Print a commented example of the file.", ()),
        ("proxy-snippet", "Print what another web server needs to stand in front of this one.", ()),
        ("set", "Set a key, such as limits.memory 2G.", ("key", "value")),
        ("unset", "Take a key away.", ("key",)),
        ("add-item", "Add to a list, such as users.admin alice.", ("key", "value")),
        ("remove-item", "Take out of a list.", ("key", "value")),
        ("reload", "The same as apply.", ()),
    ):
        verb = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
        for word in words:
            verb.add_argument(word)
        if words:
            verb.add_argument("--apply", action="store_true", help="apply at once")
        if name == "proxy-snippet":
            verb.add_argument("server", nargs="?", choices=("nginx", "apache"), default="nginx", help="default: nginx")


def add_certificate_verbs(certificate: argparse.ArgumentParser) -> None:
    verbs = certificate.add_subparsers(dest="certificate_verb", required=True, metavar="VERB")
    text = "Show who gave it, how long it lasts, and what went wrong last."
    status = verbs.add_parser("status", help=text, description=text, allow_abbrev=False)
    status.add_argument("--json", action="store_true", help="for programs")
    text = "Ask the authority now, and let nginx take up what is new. A certificate that is not due stays."
    renew = verbs.add_parser("renew", help=text, description=text, allow_abbrev=False)
    renew.add_argument("--force", action="store_true", help="a new one, whatever the checks before say; few a week")
    renew.add_argument("--if-due", action="store_true", help="only when it is time to; what the timer runs")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; every failure becomes words and an exit code."""
    if argv is None:
        gc.disable()  # a process of its own, that ends soon: what it loads and reads stays until then
    arguments = parser().parse_args(argv)
    host = Host()
    if arguments.verb in WITH_A_PLAN:
        prefetch.begin(host)
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # we have none; it would read the metadata of every package
    from hubinstall.cli import config, verbs  # noqa: PLC0415 - `--help` and a wrong word need nothing of it

    call: Callable[[argparse.Namespace, Host], int] = (
        config.config if arguments.verb == "config" else getattr(verbs, arguments.verb)
    )
    try:
        code = call(arguments, host)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"hubinstall: {error}" if error.code != 78 else str(error), file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("\nhubinstall: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # noqa: BLE001 - the one place where a bug of ours is turned into words
        unexpected(error)
        return 1


def unexpected(error: Exception) -> None:
    """Say what the system refuses (a full disk), or that it is a bug; called while the exception is handled."""
    if isinstance(error, PermissionError) and os.geteuid() != 0:
        print(f"hubinstall: {error.filename} is for root only\n  Run it again as root, with sudo.", file=sys.stderr)
        return
    if isinstance(error, OSError) and error.errno in OF_NUMBER:
        print(f"hubinstall: {of_system(error)}", file=sys.stderr)
        return
    traceback.print_exc()
    print(f"hubinstall: this is a bug of hubinstall {__version__}; please report it with the lines above and "
          f"the end of {layout.LOG_FILE}", file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
