"""A config.yaml of The Littlest JupyterHub (TLJH), said in our keys; what has no counterpart is named with what to do.

Its keys and their defaults: the module `configurer` of github.com/jupyterhub/the-littlest-jupyterhub, and the page
"Configuring TLJH with tljh-config" of its documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hubinstall import layout
from hubinstall.config import elsewhere, validate
from hubinstall.config.edit import path_of
from hubinstall.config.explain import dotted
from hubinstall.config.problems import ConfigError
from hubinstall.config.yaml.parser import parse
from hubinstall.config.yaml.writer import flow_text, key_text

Tree = dict[str, Any]
_ABSENT: tuple[Any, ...] = (None, "", "None", [], {})
"""How TLJH's file says that something is not set (`tljh-config set limits.memory None`)."""
_USUAL_AUTH = "firstuseauthenticator.FirstUseAuthenticator"
_OUR_AUTH = ("pam", "jupyterhub.auth.PAMAuthenticator", "PAMAuthenticator")
_DROPIN = f"a file {layout.HUB_DROPINS}/NAME.py"


@dataclass(frozen=True)
class Imported:
    """`text`: a valid config.yaml; `notes`: what it cannot say, each with what to do; `people`: who was named."""

    text: str
    notes: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass
class _Draft:
    """Our tree as it grows, and the paths of theirs that are done."""

    theirs: Tree
    ours: Tree = field(default_factory=dict)
    done: set[tuple[str, ...]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def take(self, *path: str) -> Any:
        """Their value, None if it is not set; it counts as done."""
        self.done.add(path)
        value: Any = self.theirs
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return None if value in _ABSENT else value

    def note(self, key: str, words: str) -> None:
        """`key`: theirs."""
        self.notes.append(f"{key}: {words}")

    def put(self, value: Any, *path: str) -> None:
        if value in _ABSENT:
            return
        section = self.ours
        for name in path[:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = value


def imported(text: str, path: str) -> Imported:
    """What a file of TLJH's says, in our keys. Raises ConfigError if the text is not YAML."""
    document = parse(text.removeprefix("\ufeff"))
    if document.faults:
        validate.load(text, path)  # says them all, each at its place
    draft = _Draft(document.root.data)
    _web(draft)
    _people(draft)
    _rest(draft)
    return _valid(draft)


def _web(draft: _Draft) -> None:
    draft.put(_path(draft.take("base_url")), "base_url")
    https = draft.take("https", "enabled") is True
    names = _names(draft.take("https", "letsencrypt", "domains"))
    email, staging = (draft.take("https", "letsencrypt", key) for key in ("email", "staging"))
    pair = [draft.take("https", "tls", key) for key in ("key", "cert")]
    port, address = draft.take("http", "port"), draft.take("http", "address")
    if https:
        draft.put(names[0] if names else None, "domain")
        draft.put(names[1:], "https", "letsencrypt", "domains")
        draft.put(email, "https", "letsencrypt", "email")
        draft.put(staging, "https", "letsencrypt", "staging")
        for key, value in zip(("key", "cert"), pair, strict=True):
            draft.put(value, "https", "tls", key)
        if (port or 80) != 80 or address:
            draft.note("http", "left out; nginx uses ports 80 and 443 of every address")
    elif (port or 80) != 80 or address:
        draft.put("off", "https", "mode")
        draft.put(port, "http", "port")
        draft.put(address, "http", "address")
        draft.note("http", "plain http, as before; for a web server in front set http.trusted_proxies to its address")
    else:
        draft.note("https", "was not enabled; here it is on, with a certificate of the machine's own")
    if not https and (email or names or any(pair)):
        draft.note("https", "its certificate is left out, because it was not enabled")


def _path(value: Any) -> Any:
    """TLJH's base_url with or without its last slash."""
    return f"/{value.strip('/')}/".replace("//", "/") if isinstance(value, str) else value


def _people(draft: _Draft) -> None:
    lists = {key: _names(draft.take("users", key)) for key in ("admin", "allowed", "banned")}
    barred = [name for name in lists["banned"] if name in lists["admin"]]
    if barred:
        draft.note("users.banned", f"{', '.join(map(str, barred))} is an administrator, too; left out there")
    lists["banned"] = [name for name in lists["banned"] if name not in barred]
    for key, names in lists.items():
        draft.put(names, "users", key)
    if lists["allowed"]:
        draft.put(False, "users", "allow_all")
    groups = draft.take("users", "extra_user_groups")
    if isinstance(groups, dict):
        for group, members in groups.items():
            for name in _names(members):
                draft.note(dotted(("users", "extra_user_groups", group)), f"run usermod -aG {group} {name}")


def _names(value: Any) -> list[Any]:
    """Names in the order of the file, each once, as TLJH's sets take them."""
    many = value if isinstance(value, list) else [] if value in _ABSENT else [value]
    return list(dict.fromkeys(item for item in many if isinstance(item, str | int)))


def _rest(draft: _Draft) -> None:
    for key, usual in (("memory", "2G, or half of the machine's memory if that is less"), ("cpu", "one core")):
        value = draft.take("limits", key)
        draft.put(value, "limits", key)
        if value is None:
            draft.note(dotted(("limits", key)), f"had no limit; the default here is {usual}")
    if draft.take("user_environment", "default_app") == "classic":
        draft.note("user_environment.default_app", f"let {_DROPIN} say c.Spawner.default_url = '/tree'")
    _cull(draft)
    kind = draft.take("auth", "type") or _USUAL_AUTH
    if kind == _USUAL_AUTH:
        draft.note(
            "auth", "passwords cannot be taken over; people log in with the password of their account (set with passwd)"
        )
    elif kind not in _OUR_AUTH:
        draft.note("auth.type", f"{kind} needs {_DROPIN} (how-to: another sign-on)")
    if kind == _USUAL_AUTH:
        draft.take("auth", "FirstUseAuthenticator")
    for path in _leaves(draft.theirs):
        if not any(path[: len(done)] == done for done in draft.done):
            draft.note(dotted(path), _instead(path))


def _cull(draft: _Draft) -> None:
    """Off is off."""
    values = {key: draft.take("services", "cull", key) for key in ("enabled", "timeout", "every", "max_age")}
    if values.pop("enabled") is False:
        draft.put(False, "services", "cull", "enabled")
        return
    for key, value in values.items():
        draft.put(value or None, "services", "cull", key)
    if not values["timeout"]:
        draft.note("services.cull.timeout", "was 600 s; the default here is 2 hours, and an open page is no use")


def _leaves(tree: Tree, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in tree.items():
        path = (*above, str(name))
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        elif value not in _ABSENT:
            yield path


def _instead(path: tuple[str, ...]) -> str:
    if path[0] == "auth":
        return f"belongs into {_DROPIN} (how-to: another sign-on)"
    found = elsewhere.answer(path).removeprefix("try leaving it out: ")
    return found or "is no setting of TLJH's, and none here; nothing is lost by leaving it out"


def _valid(draft: _Draft) -> Imported:
    """Without the values that are refused here, each of them named."""
    while True:
        try:
            settings = validate.load(_text(draft.ours)).settings
            break
        except ConfigError as error:
            problem = error.problems[0]
            draft.note(problem.key, f"left out; it {problem.message}; {problem.hint}")
            _drop(draft.ours, problem.key)
    admins = settings.users.admin
    people = tuple(name for name in settings.users.allowed if name not in admins)
    return Imported(_text(draft.ours), tuple(dict.fromkeys(draft.notes)), admins, people)


def _drop(tree: Tree, key: str) -> None:
    """Remove the value at `key`; the section, or everything, where that is not a value of its own."""
    whole, _, index = key.partition("[")
    path = path_of(whole) if whole else ()
    section: Any = tree
    for name in path[:-1]:
        section = section.get(name) if isinstance(section, dict) else None
    if not path or path[0] not in tree:
        tree.clear()
    elif not isinstance(section, dict) or path[-1] not in section:
        del tree[path[0]]
    elif index and len(section[path[-1]]) > 1:
        del section[path[-1]][int(index.removesuffix("]"))]
    else:
        del section[path[-1]]


def _text(tree: Tree) -> str:
    """One line per key; sections indented."""
    return "".join(_lines(tree, ""))


def _lines(tree: Tree, indent: str) -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, dict):
            if value:
                yield f"{indent}{key_text(name)}:\n"
                yield from _lines(value, f"{indent}  ")
        else:
            yield f"{indent}{key_text(name)}: {flow_text(value)}\n"
