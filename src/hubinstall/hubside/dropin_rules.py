"""What a drop-in sets has its effect, or a warning that says why not, and what to do instead.

Three things take an effect away unnoticed: a setting of ours for a more specific class (`c.DockerSpawner` before
`c.Spawner`), a setting that our classes do not use, and a name that does not exist.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator, PAMAuthenticator
from jupyterhub.proxy import Proxy
from jupyterhub.spawner import Spawner
from traitlets import TraitError
from traitlets.config import Application, Configurable
from traitlets.config.loader import LazyConfigValue

from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.dropin_tables import IDENTITY, OURS, USELESS
from hubinstall.hubside.dropins import Said, stop
from hubinstall.hubside.host_rights import HostRights
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.spawner import HomeSpawner

KINDS: dict[str, type] = {"hub": Application, "proxy": Proxy, "spawner": Spawner, "authenticator": Authenticator}
ALIASES = {old: new for old, (new, _) in HomeSpawner._deprecated_aliases.items()}  # noqa: SLF001 - DockerSpawner's old names
Key = tuple[str, str]


@dataclass(frozen=True, order=True)
class Remark:
    """A warning about one line of a drop-in."""

    path: str
    place: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}; {self.hint}"


@dataclass
class Review:
    """`c`: the configuration after all drop-ins. `ours`: its values before them."""

    c: Any
    said: list[Said]
    ours: dict[Key, Any]
    settings: HubSettings
    remarks: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.used = {
            "hub": JupyterHub,
            "proxy": self.ours["JupyterHub", "proxy_class"],
            "spawner": self._chosen("spawner_class"),
            "authenticator": self._chosen("authenticator_class"),
        }
        self._refuse_strangers()
        self._pam_itself()

    def apply(self) -> list[Remark]:
        """Make what can have an effect have it; returns a warning for each of the rest."""
        for said in self.said:
            self._rename(said)
        for said in self.said:
            self._judge(said)
        for said in self.said:
            self._prefer(said)
        self._identity()
        self._network()
        self._images()
        return self.remarks

    @property
    def signs_on_otherwise(self) -> str:
        """The authenticator's name, if a drop-in has chosen one that is not ours; else an empty text."""
        used = self.used["authenticator"]
        return "" if issubclass(used, HostRights) else used.__name__

    @property
    def no_passwords(self) -> bool:
        """Whether the probe cannot log in with a password of this machine."""
        return not issubclass(self.used["authenticator"], HostAuthenticator)

    # -- classes ---------------------------------------------------------------------------------------------

    def _chosen(self, name: str) -> type:
        value = self.c.JupyterHub[name]
        try:
            found: type = JupyterHub.class_traits()[name].validate(JupyterHub, value)
        except (TraitError, ImportError) as error:
            stop(f"{self._place('JupyterHub', name)}: {error}", "Name a class that the hub can import.")
        return found

    def _refuse_strangers(self) -> None:
        used = self.used["spawner"]
        if issubclass(used, HomeSpawner):
            return
        said = [one for one in self.said if (one.section, one.name) == ("JupyterHub", "spawner_class")]
        place = self._place("JupyterHub", "spawner_class")
        if not self.settings.other_spawners:
            stop(
                f"{place}: {used.__name__} starts servers without what protects people and this machine from them",
                "Leave the line out, or use a subclass of hubinstall's HomeSpawner. To use this class all"
                " the same, set spawner.allow.other_classes: true in config.yaml.",
            )
        words = f"{used.__name__} starts people's servers: the usual limits, mounts and rights do not apply"
        path = said[-1].path if said else ""
        self.remarks.append(Remark(path, place, words, "leave the line out to have them again"))

    def _pam_itself(self) -> None:
        used = self.used["authenticator"]
        if not issubclass(used, PAMAuthenticator) or issubclass(used, HostRights):
            return
        said = [one for one in self.said if (one.section, one.name) == ("JupyterHub", "authenticator_class")]
        words = f"{used.__name__} cannot check passwords in /etc/shadow, which the hub may not read"
        place, path = self._place("JupyterHub", "authenticator_class"), said[-1].path if said else ""
        self.remarks.append(Remark(path, place, words, "leave the line out: PAM is asked anyway"))

    def _place(self, section: str, name: str) -> str:
        places = [said.place for said in self.said if (said.section, said.name) == (section, name)]
        return places[-1] if places else f"c.{section}.{name}"

    def _kind(self, section: str) -> str | None:
        """Which of the hub's four parts this section is about, if it is one that is in use."""
        return next((kind for kind, used in self.used.items() if section in sections(used)), None)

    # -- one setting -----------------------------------------------------------------------------------------

    def _rename(self, said: Said) -> None:
        """Old names of DockerSpawner's settings would lose against the new names, which we use."""
        new = ALIASES.get(said.name)
        if new and self._kind(said.section) == "spawner" and said.name in self.c[said.section]:
            self.c[said.section][new] = self.c[said.section].pop(said.name)

    def _judge(self, said: Said) -> None:
        kind = self._kind(said.section)
        name = ALIASES.get(said.name, said.name) if kind == "spawner" else said.name
        if kind is None:
            self._unknown_class(said)
        elif name in OURS[kind]:
            self._keep(said, name)
            self._warn(said, "cannot be changed here, and was ignored", OURS[kind][name])
        elif name in USELESS[kind] and issubclass(self.used[kind], HomeSpawner | HostRights):
            self._keep(said, name)
            self._warn(said, "has no effect", USELESS[kind][name])
        elif name not in (known := traits(self.used[kind])):
            self._warn(said, f"{said.section} has no setting {name}", *meant(name, known))

    def _unknown_class(self, said: Said) -> None:
        known: dict[str, Any] = {one.__name__: one for one in loaded(Configurable)}
        found = known.get(said.section)
        if found is None:
            self._warn(said, f"there is no class {said.section}", *meant(said.section, known))
        elif kind := next((k for k, base in KINDS.items() if k != "hub" and issubclass(found, base)), None):
            self._warn(said, "has no effect", f"the hub's {kind} is {self.used[kind].__name__}")
        elif said.name not in (names := found.class_trait_names(config=True)):
            self._warn(said, f"{said.section} has no setting {said.name}", *meant(said.name, names))

    def _keep(self, said: Said, name: str) -> None:
        """Take back what the drop-in said."""
        self.c[said.section].pop(name, None)
        if (said.section, name) in self.ours:
            self.c[said.section][name] = self.ours[said.section, name]

    def _prefer(self, said: Said) -> None:
        """A setting of ours for a more specific class gives way to the administrator's for a more general one."""
        kind = self._kind(said.section)
        name = ALIASES.get(said.name, said.name)
        if kind is None or name not in self.c[said.section] or name in OURS[kind]:
            return
        names = sections(self.used[kind])
        theirs = {(one.section, ALIASES.get(one.name, one.name)) for one in self.said}
        for section in names[: names.index(said.section)]:
            if (section, name) in self.ours and (section, name) not in theirs:
                self.c[section].pop(name, None)

    def _identity(self) -> None:
        for said in self.said:
            value = self.c[said.section].get("environment") if said.name == "environment" else None
            value = value.to_dict().get("update") if isinstance(value, LazyConfigValue) else value
            names = [name for name in IDENTITY if isinstance(value, dict) and name in value]
            if names and issubclass(self.used["spawner"], HomeSpawner):
                words = f"{said.setting}: {', '.join(names)} {'has' if len(names) == 1 else 'have'} no effect"
                self._warn(said, words, "a server runs as its owner's account")

    def _network(self) -> None:
        for said in self.said:
            value = self.c[said.section].get(said.name) if said.name == "extra_host_config" else None
            if isinstance(value, dict) and value.pop("network_mode", None) is not None:
                self._warn(
                    said, "cannot change the network, and this part was ignored", OURS["spawner"]["network_name"]
                )

    def _images(self) -> None:
        """An image that a drop-in names is pulled when the first server needs it; our own are never pulled."""
        names = {ALIASES.get(said.name, said.name) for said in self.said}
        if names & {"image", "allowed_images"} and "pull_policy" not in names:
            self.c.DockerSpawner.pull_policy = "ifnotpresent"

    def _warn(self, said: Said, message: str, hint: str) -> None:
        words = message if message.startswith(("there is", said.section, said.setting)) else f"{said.setting} {message}"
        self.remarks.append(Remark(said.path, said.place, words, hint))


def sections(used: type) -> list[str]:
    """The sections that a class reads, the most specific first."""
    return [one.__name__ for one in used.__mro__ if issubclass(one, Configurable)]


def traits(used: type) -> list[str]:
    """All settings of a class; traitlets also accepts them in the section of a base."""
    return sorted(used.class_trait_names(config=True))  # type: ignore[attr-defined]  # a Configurable


def meant(name: str, known: Iterable[str]) -> tuple[str]:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return (f"did you mean {close[0]}?",) if close else ("try leaving the line out",)


def loaded(base: Any) -> Iterator[Any]:
    """All subclasses that have been imported."""
    for one in base.__subclasses__():
        yield one
        yield from loaded(one)
