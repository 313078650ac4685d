"""The hub's pages as JupyterHub renders them: our templates over its own."""

from pathlib import Path
from typing import Any

import jupyterhub
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from hubinstall.hubside import appearance

JUPYTERHUBS_OWN = Path(jupyterhub.__file__).parents[4] / "share/jupyterhub/templates"
PLAIN = appearance.Appearance(title="", logo="", help="", announcement="")


def page(name: str, **known: Any) -> str:
    own = FileSystemLoader([str(JUPYTERHUBS_OWN)])
    loader = ChoiceLoader([PrefixLoader({"templates": own}, "/"), FileSystemLoader([appearance.PAGES]), own])
    environment = Environment(loader=loader, autoescape=True)
    environment.globals.update(static_url=lambda path, **_: path, services=[], parsed_scopes=[])
    given: dict[str, Any] = {"xsrf": "to<ken", "base_url": "/jupyter/hub/", "user": None, "appearance": PLAIN, **known}
    return environment.get_template(name).render(**given)
