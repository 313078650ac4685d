"""The flags that are settings: `plan`, `apply` and bootstrap.py take them, and they go into config.yaml."""

import argparse

FLAG_SETTINGS = {
    "domain": "domain",
    "email": "https.letsencrypt.email",
    "base_url": "base_url",
    "process_manager": "process_manager",
    "image": "environment.image",
    "memory": "limits.memory",
    "cpu": "limits.cpu",
}
"""Flag → the key in config.yaml that it is written to; `--admin` adds to users.admin."""


def add_setting_flags(verb: argparse.ArgumentParser, *, plan: bool = False) -> None:
    if plan:
        verb.add_argument("--check", action="store_true", help="exit 3 when there are differences")
        verb.add_argument("--json", action="store_true", help="for programs")
    else:
        verb.add_argument("--plain", action="store_true", help="one plain line per step, also on a terminal")
        verb.add_argument("--admin-password-file", metavar="FILE", help="password of new --admin accounts: first line")
        verb.add_argument(
            "--yes", action="store_true",
            help="stop people's servers where the new settings (base_url, network.subnet) leave them out of reach",
        )  # fmt: skip
    settings = verb.add_argument_group("settings", "written into config.yaml, so that a run without them keeps them")
    settings.add_argument(
        "--admin", action="append", default=[], metavar="NAME[:PASSWORD]",
        help="an administrator of the hub; the host account is made if missing. The password is never written down",
    )  # fmt: skip
    settings.add_argument("--domain", metavar="NAME", help="the name people type")
    settings.add_argument("--email", metavar="ADDRESS", help="where the certificate authority writes to")
    settings.add_argument("--base-url", metavar="PATH", help="such as /jupyter/")
    settings.add_argument("--process-manager", metavar="NAME", help="auto, systemd or supervisor")
    settings.add_argument("--image", metavar="NAME", help="of people's servers; absent: built here")
    settings.add_argument("--memory", metavar="SIZE", help="of one server, such as 2G")
    settings.add_argument("--cpu", metavar="NUMBER", help="cores of one server, such as 1.5")
