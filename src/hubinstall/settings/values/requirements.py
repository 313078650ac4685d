"""Python packages that a site adds: as pip names them, or files on this machine."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hubinstall.settings.values.files import FILE_PATH
from hubinstall.settings.values.words import as_text, shown, wrong

_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,80}[A-Za-z0-9])?"
_VERSION = r"(===?|~=|!=|<=|>=|<|>) ?[A-Za-z0-9][A-Za-z0-9.*+!_-]{0,60}"
PACKAGE = rf"{_NAME}(\[{_NAME}(, ?{_NAME}){{0,9}}\])?( ?{_VERSION}(, ?{_VERSION}){{0,5}})?"
ARCHIVE = rf"{FILE_PATH}\.(whl|tar\.gz)"
REQUIREMENT = rf"({PACKAGE}|{ARCHIVE})"
LINE = r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]\n]*\])?\s*(([<>]|[=!~]=|[@;(])[^\n]*)?"
"""A name, and what may follow it (packaging.python.org, "Dependency specifiers"); uv judges the rest."""
APT_PACKAGE = r"[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+.]"
"""Debian's policy, 5.6.1. For apt-get, a minus at the end means to remove the package."""
R_PACKAGE = r"[A-Za-z][A-Za-z0-9.]{0,99}"
""""Writing R Extensions", 1.1.1."""
EXTRA = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,80}[A-Za-z0-9])?"
KERNELS = ("r", "octave", "bash")
ELSEWHERE = {
    "julia": "the distribution has no julia; try base: quay.io/jupyter/julia-notebook",
    "python": "it is there without being named; try leaving it out",
}
APPS = ("vscode",)
APPS_ELSEWHERE = {
    "rstudio": "neither the distribution nor PyPI has its server; try a postBuild that installs it from your site, or a"
    " base that has it (docs/how-to/course-environment.md)",
    "code-server": "try vscode",
    "jupyterlab": "it is there without being named; try leaving it out",
}


def parse_requirement(value: Any) -> str:
    """No options of pip, no URLs: they would be fetched without an index that the site has chosen."""
    text = as_text(value, "a package", "jupyterhub-nativeauthenticator==1.3.0")
    if text.startswith("/") and not text.endswith((".whl", ".tar.gz")):
        raise wrong(f"{shown(text)} is no wheel", "try to build a wheel of it first")
    if len(text) > 400 or not re.fullmatch(REQUIREMENT, text):
        example = "name==1.0 or /srv/packages/name-1.0-py3-none-any.whl"
        raise wrong(f"{shown(text)} is not a package", f"try one such as {example}")
    return text


def parse_package(value: Any) -> str:
    """A Python package for user servers, with a version if it must be that one."""
    text = as_text(value, "a package", "plotly>=6")
    if len(text) > 400 or not re.fullmatch(PACKAGE, text):
        hint = "try one such as plotly or plotly>=6; addresses and options go into the requirements.txt of a folder"
        raise wrong(f"{shown(text)} is not a package", hint)
    return text


def parse_apt_package(value: Any) -> str:
    """The name of a package of the distribution."""
    return _name(value, "a package of the distribution", "graphviz", APT_PACKAGE)


def parse_r_package(value: Any) -> str:
    """The name of a package of R, as CRAN writes it."""
    return _name(value, "a package of R", "tidyverse", R_PACKAGE)


def parse_extra(value: Any) -> str:
    """The name of a group of optional dependencies."""
    return _name(value, "optional dependencies", "plots", EXTRA)


def parse_kernel(value: Any) -> str:
    """A language that notebooks may have beside Python."""
    return _one_of(KERNELS, ELSEWHERE, as_text(value, "the name of a kernel", "r"), "a kernel")


def parse_app(value: Any) -> str:
    """A program that people may open beside JupyterLab."""
    return _one_of(APPS, APPS_ELSEWHERE, as_text(value, "the name of an app", "vscode"), "an app")


def _one_of(known: Iterable[str], elsewhere: Mapping[str, str], name: str, what: str) -> str:
    """`elsewhere`: what to do instead, by the small letters of a name that people expect."""
    if name not in known:
        hint = elsewhere.get(name.lower(), f"try {' or '.join(known)}")
        raise wrong(f"{shown(name)} is not {what} that can be added", hint)
    return name


def _name(value: Any, what: str, example: str, pattern: str) -> str:
    text = as_text(value, f"the name of {what}", example)
    if not re.fullmatch(pattern, text):
        raise wrong(f"{shown(text)} cannot be the name of {what}", f"try one such as {example}")
    return text
