"""The table of calls that the hub may make, and what each becomes. What is not here is refused."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hubinstall import layout
from hubinstall.broker import container, gpus, images, networks, servers
from hubinstall.broker.engine import Call, Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.typed import decoded, fields, only
from hubinstall.broker.wire import Request

VERSION = re.compile(r"(/v1\.(?:2[4-9]|[3-9][0-9]))?(/.*)")
_SERVER = r"/containers/([a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})"
_IMAGE = r"([a-zA-Z0-9][a-zA-Z0-9_.:/@-]{0,500})"
_NETWORK = r"/networks/([a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})"
_EXEC = r"/exec/([0-9a-f]{64})"
_FLAG, _SECONDS, _ANY = "[Tt]rue|[Ff]alse|0|1", "[0-9]{1,6}", r"[^\0\r\n]{0,2048}"
_LOGIN = re.compile("[A-Za-z0-9+/=_-]{0,8192}")


@dataclass(frozen=True)
class Asked:
    """A request that is in the table. `what`: the part of the path that names something."""

    policy: Policy
    engine: Engine
    request: Request
    what: str

    def given(self, name: str) -> str:
        return self.request.query.get(name, "")

    @property
    def server(self) -> str:
        return f"/containers/{servers.id_of(self.engine, self.what)}"

    def passed(self, verb: str, method: str = "POST") -> Call:
        """For a container of ours, with the same (checked) parameters."""
        return Call(method, self.server + verb, self.request.query)


@dataclass(frozen=True)
class Route:
    method: str
    path: "re.Pattern[str]"
    becomes: Callable[[Asked], Call]
    parameters: dict[str, str] = field(default_factory=dict)
    """Name → what a value must match in full."""
    body: bool = False


def route(
    method: str, path: str, becomes: Callable[[Asked], Call], parameters: dict[str, str] | None = None, *,
    body: bool = False,
) -> Route:  # fmt: skip
    return Route(method, re.compile(path), becomes, parameters or {}, body)


def _create(asked: Asked) -> Call:
    name = asked.given("name")
    body = container.rebuilt(asked.policy, asked.request.body, name)
    wanted = container.gpus_of(asked.policy, body) if name else 0
    if not wanted:
        return Call("POST", "/containers/create", {"name": name} if name else None, body)
    lent = gpus.lend(asked.policy, asked.engine, name, wanted)
    gpus.given(body["HostConfig"], lent)
    body["Labels"][layout.GPU_LABEL] = json.dumps(lent)
    return Call("POST", "/containers/create", {"name": name}, body, answered=gpus.keep(lent))


def _start(asked: Asked) -> Call:
    lent = gpus.check_start(asked.policy, asked.engine, servers.described(asked.engine, asked.what))
    return replace(asked.passed("/start"), answered=gpus.keep(lent))


def _pull(asked: Asked) -> Call:
    login = asked.request.headers.get("x-registry-auth", "")
    if not _LOGIN.fullmatch(login):
        raise RefusedError("a registry's login of another form", status=400)
    return images.pulled(asked.policy, asked.engine, asked.given("fromImage"), asked.given("tag"), login)


def _tag(asked: Asked) -> Call:
    return images.tagged(asked.policy, asked.engine, asked.what, f"{asked.given('repo')}:{asked.given('tag')}")


def _load(asked: Asked) -> Call:
    """What is loaded is the machine's own copy: the hub sends the image's name alone."""
    return Call("POST", "/images/load", {"quiet": "0"}, images.Copy(asked.policy, asked.request.body.decode("latin-1")))


def _run(asked: Asked) -> Call:
    fields(decoded(asked.request.body), "the command", {"Detach": only(True), "Tty": only(False)})
    id_ = servers.command_of(asked.engine, asked.what)
    return Call("POST", f"/exec/{id_}/start", body={"Detach": True, "Tty": False})


_LIST = {"filters": _ANY, "all": _FLAG}
_LOGS = {
    "stdout": _FLAG, "stderr": _FLAG, "timestamps": _FLAG, "follow": "[Ff]alse|0", "tail": "all|[0-9]{1,5}",
    "since": _SECONDS, "until": _SECONDS,
}  # fmt: skip
ROUTES = (
    route("GET", "/version", lambda _: Call("GET", "/version")),
    route("GET", "/_ping", lambda _: Call("GET", "/_ping")),
    route("GET", _NETWORK, lambda a: networks.inspected(a.policy, a.engine, a.what)),
    route("DELETE", _NETWORK, lambda a: networks.removed(a.policy, a.engine, a.what)),
    route("POST", "/networks/create", lambda a: networks.created(a.policy, a.request.body), body=True),
    route("GET", "/images/json", lambda a: images.listed(a.policy, a.given("filters")), _LIST | {"only_ids": _FLAG}),
    route("GET", f"/images/{_IMAGE}/json", lambda a: images.inspected(a.policy, a.engine, a.what)),
    route("POST", f"/images/{_IMAGE}/tag", _tag, {"repo": _IMAGE, "tag": "[a-zA-Z0-9_.-]{1,128}", "force": _FLAG}),
    route("POST", "/images/create", _pull, {"fromImage": _IMAGE, "tag": "[a-zA-Z0-9_.:-]{1,128}"}),
    route("POST", "/images/load", _load, {"quiet": _FLAG}, body=True),
    route(
        "GET", "/containers/json", lambda a: servers.listed(a.given("all"), a.given("filters")),
        _LIST | {"limit": "-1", "size": "0", "trunc_cmd": _FLAG},
    ),
    route("POST", "/containers/create", _create, {"name": _ANY}, body=True),
    route("GET", f"{_SERVER}/json", lambda a: a.passed("/json", "GET")),
    route("POST", f"{_SERVER}/start", _start),
    route("POST", f"{_SERVER}/stop", lambda a: a.passed("/stop"), {"t": _SECONDS}),
    route("POST", f"{_SERVER}/kill", lambda a: a.passed("/kill"), {"signal": "(SIG)?[A-Z0-9]{1,10}"}),
    route("POST", f"{_SERVER}/unpause", lambda a: a.passed("/unpause")),
    route("POST", f"{_SERVER}/wait", lambda a: a.passed("/wait"), {"condition": "[a-z-]{1,20}"}),
    route("DELETE", _SERVER, lambda a: a.passed("", "DELETE"), {"v": _FLAG, "link": "[Ff]alse|0", "force": _FLAG}),
    route("GET", f"{_SERVER}/logs", lambda a: a.passed("/logs", "GET"), _LOGS),
    route(
        "GET", f"{_SERVER}/stats", lambda a: a.passed("/stats", "GET"), {"stream": "[Ff]alse|0", "one-shot": _FLAG}
    ),
    route(
        "GET", f"{_SERVER}/archive", lambda a: servers.archived(a.policy, a.engine, a.what, a.given("path")),
        {"path": _ANY},
    ),
    route("POST", f"{_SERVER}/exec", lambda a: servers.command(a.policy, a.engine, a.what, a.request.body), body=True),
    route("POST", f"{_EXEC}/start", _run, body=True),
    route("GET", f"{_EXEC}/json", lambda a: Call("GET", f"/exec/{servers.command_of(a.engine, a.what)}/json")),
)  # fmt: skip


def version_of(request: Request) -> tuple[str, str]:
    """The version's part of the path, perhaps empty, and the rest."""
    found = VERSION.fullmatch(request.path)
    assert found, "every path begins with a slash"
    return found[1] or "", found[2]


def call(policy: Policy, engine: Engine, request: Request) -> Call:
    """What is sent to Docker for a request. Raises RefusedError."""
    _, path = version_of(request)
    for one in ROUTES:
        found = one.path.fullmatch(path)
        if found and one.method == request.method:
            _check(one, request)
            return one.becomes(Asked(policy, engine, request, found[1] if one.path.groups else ""))
    raise RefusedError(f"{request.method} {path[:200]}")


def _check(one: Route, request: Request) -> None:
    for name, value in request.query.items():
        if name not in one.parameters or not re.fullmatch(one.parameters[name], value):
            raise RefusedError(f"{request.method} {request.path[:200]} with {name[:80]}={value[:200]}")
    if request.body and not one.body and request.body != b"{}":
        raise RefusedError(f"{request.method} {request.path[:200]} with a body")
