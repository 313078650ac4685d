"""The flags that set settings: `plan`, `apply` and bootstrap.py accept them and write them to config.yaml."""

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
"""Flag → the key of config.yaml that it sets; `--admin` adds to users.admin."""


def name_of(flag: str) -> str:
    """`base_url` → `--base-url`."""
    return f"--{flag.replace('_', '-')}"


def add_verbose(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--verbose", action="store_true", help="print every step with its name and time, as in the log")


def add_setting_flags(verb: argparse.ArgumentParser, *, plan: bool = False) -> None:
    if plan:
        verb.add_argument("--check", action="store_true", help="exit with 3 if there are differences")
        verb.add_argument("--json", action="store_true", help="print JSON")
        verb.add_argument("--yes", action="store_true", help="plan what `apply --yes` would do")
    else:
        verb.add_argument("--plain", action="store_true", help="print plain lines, even on a terminal")
        add_verbose(verb)
        verb.add_argument(
            "--admin-password-file", metavar="FILE", help="its first line is the password of new --admin accounts"
        )
        verb.add_argument(
            "--yes", action="store_true",
            help="stop people's servers that new settings (base_url, network.subnet) would make unreachable",
        )  # fmt: skip
    settings = verb.add_argument_group("settings", "saved in config.yaml, so that later runs keep them")
    settings.add_argument(
        "--admin", action="append", default=[], metavar="NAME[:PASSWORD]",
        help="an administrator of the hub; a missing account is created. The password is never saved in plain text",
    )  # fmt: skip
    settings.add_argument("--domain", metavar="NAME", help="the DNS name of the hub")
    settings.add_argument("--email", metavar="ADDRESS", help="the address for email from the certificate authority")
    settings.add_argument("--base-url", metavar="PATH", help="the URL path of the hub, such as /jupyter/")
    settings.add_argument("--process-manager", metavar="NAME", help="auto, systemd or supervisor")
    settings.add_argument("--image", metavar="NAME", help="the image of user servers; default: built on this machine")
    settings.add_argument("--memory", metavar="SIZE", help="the memory of one server, such as 2G")
    settings.add_argument("--cpu", metavar="NUMBER", help="how many cores one server may use, such as 1.5")
