"""`environments`: more than one set of software for user servers, each with a name."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import (
    Announcement,
    Apps,
    AptPackages,
    EnvironmentName,
    Extras,
    FilePath,
    Groups,
    Image,
    Kernels,
    Packages,
    RPackages,
    Title,
)
from hubinstall.settings.values.words import type_name, wrong

DEFAULT = "default"
"""The name of the environment that everyone gets without a choice, and of its image as a base."""


class NamedEnvironment(Section):
    title: Title | None = Field(None, description="What people read instead of its name.", examples=["Statistics"])
    description: Announcement | None = Field(
        None, description="What people read about it, in a sentence or two.", examples=["R and Python, for Stats 101"]
    )
    groups: Groups = Field(
        (),
        description="The groups of this machine whose members may choose it. Default: everyone may.",
        examples=[["stats-101"]],
    )
    base: Image = Field(
        DEFAULT,
        description="The image that its packages are added to: the word default, which means that of `environment`,"
        " or any image that works like those of Jupyter's docker-stacks. It is pulled once and pinned to its digest.",
        examples=["quay.io/jupyter/r-notebook:latest"],
    )
    python: Packages = Field(
        (), description="Python packages that are added, beside those of `environment add`.", examples=[["plotly>=6"]]
    )
    apt: AptPackages = Field((), description="The same of the distribution's packages.", examples=[["graphviz"]])
    r: RPackages = Field(
        (),
        description="The same of R's, as the distribution has them; R comes with them.",
        examples=[["tidyverse"]],
    )
    kernels: Kernels = Field(
        (),
        description="The languages that notebooks may have beside Python: r, octave, bash. Each computes a number"
        " before anybody gets the image.",
        examples=[["r"]],
    )
    apps: Apps = Field(
        (),
        description="The programs that people may open beside JupyterLab, from its launcher: vscode (code-server). Each"
        " answers before anybody gets the image.",
        examples=[["vscode"]],
    )
    folder: FilePath | None = Field(
        None,
        description="A directory of this machine whose files say what is added: requirements.txt, pyproject.toml,"
        " uv.lock, environment.yml (its pip part), apt.txt, r.txt, and postBuild, which runs at the end. When they have"
        " changed, `hubinstall apply` builds the image again.",
        examples=["/srv/courses/stats-101"],
    )
    extras: Extras = Field(
        (),
        description="The optional dependencies, or dependency groups, of the folder's pyproject.toml that are added.",
        examples=[["plots"]],
    )

    def conflicts(self) -> list[Conflict]:
        lists = {"groups": self.groups, "python": self.python, "apt": self.apt, "r": self.r, "kernels": self.kernels,
                 "apps": self.apps, "extras": self.extras}  # fmt: skip
        found = [
            Conflict((key, index), (key,), f"{name} is in the list twice", "try deleting one of them")
            for key, names in lists.items()
            for index, name in repeats(names)
        ]
        if self.extras and not self.folder:
            hint = "try folder: PATH, the directory with the pyproject.toml"
            found.append(Conflict(("extras",), ("extras", "folder"), "there is no folder that has any", hint))
        return found


def _map_of_environments(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of environments, not {type_name(value)}", "try `stats: {title: Statistics}`")


Environments = Annotated[dict[EnvironmentName, NamedEnvironment], BeforeValidator(_map_of_environments)]


def environments_conflicts(environments: Environments) -> list[Conflict]:
    """What cannot be said of the environment that everyone gets."""
    default = environments.get(DEFAULT)
    about = ("environments", "environment")
    if default is None:
        return []
    refused = {"base": default.base != DEFAULT, "groups": bool(default.groups)}
    hints = {"base": "try environment.image, which is its base", "groups": "try another name: everyone gets this one"}
    return [
        Conflict(("environments", DEFAULT, key), about, "cannot be set for the environment default", hints[key])
        for key, is_set in refused.items()
        if is_set
    ]
