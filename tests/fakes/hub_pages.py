"""The hub's pages as JupyterHub renders them: our templates over its own."""

from pathlib import Path
from typing import Any

import jupyterhub
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from hubinstall.hubside import appearance

JUPYTERHUBS_OWN = Path(jupyterhub.__file__).parents[4] / "share/jupyterhub/templates"
PLAIN = appearance.Appearance(title="", logo="", help="", announcement="")


def environment(**more: Any) -> Environment:
    own = FileSystemLoader([str(JUPYTERHUBS_OWN)])
    loader = ChoiceLoader([PrefixLoader({"templates": own}, "/"), FileSystemLoader([appearance.PAGES]), own])
    made = Environment(loader=loader, autoescape=True, **more)
    made.globals.update(static_url=lambda path, **_: path, services=[], parsed_scopes=[])
    return made


def page(name: str, **known: Any) -> str:
    given: dict[str, Any] = {"xsrf": "to<ken", "base_url": "/jupyter/hub/", "user": None, "appearance": PLAIN, **known}
    return environment().get_template(name).render(**given)
