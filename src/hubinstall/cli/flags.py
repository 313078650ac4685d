"""The flags that set settings: `plan`, `apply` and bootstrap.py accept them and write them to config.yaml."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from hubinstall.config.yaml.nodes import resolve
from hubinstall.errors import BAD_CONFIGURATION, UserError
from hubinstall.machine.way_out import for_first_downloads
from hubinstall.settings.values import choices, dns, files, names, proxies, sizes, urls
from hubinstall.settings.values.words import WrongValueError, quoted

FLAG_SETTINGS = {
    "domain": "domain",
    "email": "https.letsencrypt.email",
    "base_url": "base_url",
    "process_manager": "process_manager",
    "image": "environment.image",
    "memory": "limits.memory",
    "cpu": "limits.cpu",
    "proxy": "network.proxy",
    "no_proxy": "network.no_proxy",
    "ca_bundle": "network.ca_bundle",
    "pip_index": "network.pip_index",
    "npm_registry": "network.npm_registry",
}
"""Flag → the key of config.yaml that it sets; `--admin` adds to users.admin."""
PARSERS: dict[str, Callable[[Any], Any]] = {
    "admin": names.parse_account,
    "domain": dns.parse_domain,
    "email": dns.parse_email,
    "base_url": urls.parse_base_url,
    "process_manager": choices.parse_process_manager,
    "image": names.parse_image,
    "memory": sizes.parse_memory,
    "cpu": sizes.parse_cpus,
    "proxy": proxies.parse_web_proxy,
    "no_proxy": proxies.parse_past_proxies,
    "ca_bundle": files.parse_file_path,
    "pip_index": proxies.parse_mirror,
    "npm_registry": proxies.parse_mirror,
}
"""Flag → what accepts or refuses its value."""
_PLAIN = re.compile(r"[\w/+.-](?!.*(: | #)).*")
"""A value that means itself in YAML: without quotes, brackets or a comment."""


def name_of(flag: str) -> str:
    """`base_url` → `--base-url`."""
    return f"--{flag.replace('_', '-')}"


def keys(arguments: argparse.Namespace) -> dict[str, str]:
    """The keys that flags set, with the texts that were typed."""
    return {key: value for flag, key in FLAG_SETTINGS.items() if (value := getattr(arguments, flag, None))}


def way_out(arguments: argparse.Namespace) -> dict[str, str]:
    """The variables for what bootstrap.py downloads. Raises UserError if a file of authorities is missing."""
    return for_first_downloads(keys(arguments), os.environ)


def check_values(arguments: argparse.Namespace) -> None:
    """Refuse what `apply` would refuse, in its words, with the standard library alone. Only values that mean themselves
    are checked; a line of YAML is left to `apply`, as is what depends on other settings.

    Raises UserError with a line for each value that is refused.
    """
    given = [(flag, getattr(arguments, flag)) for flag in FLAG_SETTINGS]
    given += [("admin", admin.partition(":")[0]) for admin in dict.fromkeys(arguments.admin)]
    lines = [
        f"{name_of(flag)} {quoted(text)}: {words}" for flag, text in given if text and (words := wrong(flag, text))
    ]
    if lines:
        raise UserError("\n".join(lines), "Nothing was changed.", BAD_CONFIGURATION)


def wrong(flag: str, text: str) -> str:
    """What is wrong with the value of a flag, and what to try; empty if nothing is."""
    if not _PLAIN.fullmatch(text) or (value := resolve(text)) is None:
        return ""
    try:
        PARSERS[flag](value)
    except WrongValueError as error:
        return f"{error.message}; {error.hint}"
    return ""


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
            "--quiet", action="store_true",
            help="print only failures, notes, and passwords that were made up; the log has everything",
        )  # fmt: skip
        verb.add_argument("--json", action="store_true", help="print what was done as JSON on standard output")
        verb.add_argument(
            "--progress-page", action="store_true",
            help="show the steps at port 80 until nginx is started",
        )  # fmt: skip
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
    settings.add_argument("--proxy", metavar="URL", help="the site's HTTP proxy, such as http://proxy.example.org:3128")
    settings.add_argument(
        "--no-proxy", metavar="NAMES", help="what is reached without it, such as .example.org,10.0.0.0/8"
    )
    settings.add_argument("--ca-bundle", metavar="FILE", help="a PEM file with the site's own certificate authorities")
    settings.add_argument("--pip-index", metavar="URL", help="the site's mirror of PyPI")
    settings.add_argument("--npm-registry", metavar="URL", help="the site's mirror of npm's registry")


def for_apply(words: Sequence[str]) -> list[str]:
    """The words of bootstrap.py that `apply` gets: all but --bundle FILE."""
    pairs = zip(["", *words], words, strict=False)
    return [word for before, word in pairs if "--bundle" not in {before, word} and not word.startswith("--bundle=")]
