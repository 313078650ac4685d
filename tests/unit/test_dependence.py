"""Who may know whom: one table, read against every import of the package; and what else the design lets a file do."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

import hints
from checkout_path import CHECKOUT
from hubinstall import layout
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.resources.kinds import KINDS

PACKAGE = CHECKOUT / "src/hubinstall"
EVERYTHING = frozenset({
    "errors", "layout", "settings", "config", "machine", "resources", "blueprint", "engine", "preflight", "verify",
    "report", "installation", "bundle", "people", "hubside.database", "hubside.settings",
})  # fmt: skip
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "layout": frozenset(),
    "settings": frozenset({"layout"}),
    "config": frozenset({"settings", "errors", "layout"}),
    "machine": frozenset({"errors", "layout"}),
    "resources": frozenset({
        "machine", "hubside.build_output", "hubside.cgroups", "hubside.network", "errors", "layout",
    }),
    "blueprint": frozenset({
        "settings", "machine", "resources", "hubside.appearance", "hubside.courses", "hubside.cull",
        "hubside.environments", "hubside.images", "hubside.limits", "hubside.profiles", "hubside.rooms",
        "hubside.settings", "hubside.shares", "accounts_helper.policy", "broker.policy", "quotas.policy", "errors",
        "layout",
    }),
    "people": frozenset({
        "accounts_helper.links", "accounts_helper.shadow", "machine", "resources", "settings", "errors", "layout",
    }),
    "bundle": frozenset({"blueprint", "machine", "resources", "preflight", "errors", "layout"}),
    "engine": frozenset({"resources.base", "resources.kinds", "machine", "errors", "layout"}),
    "preflight": frozenset({
        "machine", "resources", "settings", "hubside.database", "hubside.limits", "quotas.homes", "quotas.kernel",
        "errors", "layout",
    }),
    "verify": frozenset({
        "blueprint.urls", "hubside.cgroups", "hubside.container_use", "machine", "quotas", "resources", "settings",
        "errors", "layout",
    }),
    "report": frozenset({
        "engine", "resources.base", "machine", "verify", "hubside.quantities", "errors", "layout",
    }),
    "installation": EVERYTHING - {"installation", "bundle", "people"},
    "cli": EVERYTHING | {"hubside.appearance"},
    "hubside": frozenset({"layout"}),
    "accounts_helper": frozenset({
        "hubside.accounts", "hubside.helper", "hubside.memberships", "hubside.new_accounts", "hubside.rights",
        "hubside.settings", "hubside.sockets", "settings.values", "layout",
    }),
    "quotas": frozenset({"hubside.accounts", "hubside.home_use", "hubside.limits", "layout"}),
    "broker": frozenset({
        "hubside.accounts", "hubside.grading", "hubside.images", "hubside.limits", "hubside.named_images",
        "hubside.network", "hubside.profiles", "hubside.seccomp", "hubside.shares", "hubside.sockets", "layout",
    }),
}  # fmt: skip
"""Room (a folder or file at the top of the package) → the rooms, or single files of one, that its files may import;
each may import itself. docs/explanation/architecture.md says why.
"""
# Words that are layout's values too, but mean other things as well.
WORDS = {"/home", "www-data"}
OURS = (*(f"{top}/hubinstall" for top in ("/etc", "/opt", "/var/lib", "/run", "/var/log")), "/srv/data")
STARTERS = re.compile(
    r"^(os\.(system|popen|fork|forkpty|exec\w+|spawn\w+|posix_spawnp?)|asyncio\.create_subprocess_\w+|pty\.spawn)$"
)
STARTING_MODULES = {"subprocess", "multiprocessing", "pty", "pexpect"}


def sources(*below: str) -> dict[str, ast.Module]:
    """The package's files at or below these paths (all of them when none is given), parsed."""
    tops = [PACKAGE / name for name in below or [""]]
    files = [file for top in tops for file in ([top] if top.is_file() else sorted(top.rglob("*.py")))]
    # A folder under data/ is a link to templates of programs, not a part of the package.
    own = [file for file in files if "data" not in file.relative_to(PACKAGE).parts]
    return {str(file.relative_to(PACKAGE)): ast.parse(file.read_text()) for file in own}


def imports(tree: ast.AST) -> Iterator[str]:
    """Full dotted names of what is imported, wherever in the file: `hubinstall.machine.host.Host`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_this_package(tree: ast.AST) -> Iterator[str]:
    """The same of this package only, without its name: `machine.host.Host`."""
    yield from (name.removeprefix("hubinstall.") for name in imports(tree) if name.startswith("hubinstall."))


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings with their lines, without docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def offenders(trees: dict[str, ast.Module], offence: Callable[[ast.Module], Iterator[str]]) -> list[str]:
    return [f"{name}: {found}" for name, tree in trees.items() for found in offence(tree)]


def within(name: str, rooms: frozenset[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def test_the_table_names_each_room() -> None:
    entries = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert entries - {"__init__"} == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_what_the_table_allows(room: str) -> None:
    allowed = ALLOWED[room] | {room}

    def forbidden(tree: ast.Module) -> Iterator[str]:
        yield from (name for name in of_this_package(tree) if name != "__version__" and not within(name, allowed))

    folder = PACKAGE / room
    found = sources(room) if folder.is_dir() else sources(f"{room}.py")
    assert found
    assert offenders(found, forbidden) == []


def test_what_the_table_forbids_is_found() -> None:
    tree = ast.parse("def f():\n    from hubinstall.config import edit\nif T:\n    import hubinstall.cli.main\n")
    assert [name for name in of_this_package(tree) if not within(name, ALLOWED["engine"])] == [
        "config.edit",
        "cli.main",
    ]


def test_no_circles() -> None:
    """Among the files of the package, counting late imports and those for types only."""
    trees = sources()
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in trees}

    def needs(module: str) -> set[str]:
        """An imported name is a file, or stands in one."""
        names = of_this_package(trees[modules[module]])
        found = {name if name in modules else name.rpartition(".")[0] for name in names}
        return (found & modules.keys()) - {module}

    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join([*way[way.index(module) :], module])
        for need in needs(module) if module not in done else ():
            visit(need, (*way, module))
        done.add(module)

    for module in modules:
        visit(module, ())


def test_only_host_starts_processes() -> None:
    def starts(tree: ast.Module) -> Iterator[str]:
        yield from (name for name in imports(tree) if name.split(".")[0] in STARTING_MODULES or STARTERS.match(name))
        dotted = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        yield from (name for name in dotted if STARTERS.match(name))

    trees = sources()
    assert offenders({"processes": trees.pop("machine/processes.py")}, starts)
    del trees["machine/host.py"]
    assert offenders({"the broker, to read zstd": trees.pop("broker/images.py")}, starts)
    assert offenders({"the accounts helper, useradd": trees.pop("accounts_helper/tools.py")}, starts)
    assert offenders({"the hub, to ask for a file server": trees.pop("hubside/elsewhere.py")}, starts)
    assert offenders(trees, starts) == []
    users = [name for name, tree in sources().items() if "machine.processes" in of_this_package(tree)]
    assert users == ["machine/host.py"]


def test_only_unix_http_connects_to_unix_sockets() -> None:
    def connects(tree: ast.Module) -> Iterator[str]:
        dotted = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        yield from (name for name in dotted if name.endswith("AF_UNIX"))

    trees = sources()
    asked = {name: trees.pop(name) for name in ("hubside/sockets.py", "broker/engine.py", "hubside/helper.py")}
    assert len(offenders(asked, connects)) == 3, "root's programs listen, the broker asks Docker, the hub the helper"
    quotas = {name: trees.pop(name) for name in ("quotas/__main__.py",)}
    assert len(offenders(quotas, connects)) == 1, "it listens on one"
    assert offenders(trees, connects) == ["machine/unix_http.py: socket.AF_UNIX"]


def test_nobody_forgets_answers_by_hand() -> None:
    """What acts forgets by itself (machine/host.py); by hand only what no method of Host can see."""

    def forgets(tree: ast.Module) -> Iterator[str]:
        calls = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call))
        yield from (call for call in calls if re.fullmatch(r"(.*\.)?_?host\.forget\(\)", call))

    assert sorted(offenders(sources(), forgets)) == [
        "cli/certificate.py: host.forget()",  # another run, that was waited for
        "engine/run.py: self._host.forget()",  # the second look is one at the machine, whatever others have asked
        "machine/docker.py: host.forget()",  # the Engine has come up by itself
    ]


def named(tree: ast.Module, word: str) -> Iterator[str]:
    """Strings and names with the word in them."""
    yield from (text for _, text in literals(tree) if word in text.lower())
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    names = (node.id if isinstance(node, ast.Name) else node.attr for node in nodes)
    yield from (name for name in names if word in name.lower())


def test_engine_and_resources_do_not_name_jupyterhub() -> None:
    assert offenders(sources("engine", "resources"), lambda tree: named(tree, "jupyter")) == []
    assert offenders(sources("blueprint"), lambda tree: named(tree, "jupyter")) != []


def test_the_engine_names_no_setting_and_resources_only_in_messages() -> None:
    """What a resource is made with, the blueprint says; that a named setting exists, test_hints.py sees."""

    def told(tree: ast.Module) -> Iterator[str]:
        yield from (key for _, text in literals(tree) for key in hints.keys(text, message=" " in text))

    def used(tree: ast.Module) -> Iterator[str]:
        yield from (key for _, text in literals(tree) if " " not in text for key in hints.keys(text, message=False))

    assert offenders(sources("engine"), told) == []
    assert offenders(sources("resources"), used) == []
    assert offenders(sources("cli"), used) != []


def test_what_process_managers_do_differently_is_asked_of_them() -> None:
    """Only where files are written for one of them, or it is found out which is there, does its name count."""

    def asks(tree: ast.Module) -> Iterator[str]:
        compared = (node for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.Dict | ast.Match))
        for node in compared:
            words = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if words & MANAGERS.keys() or re.search(r"\b(manager|Systemd|Supervisor)\.name\b", ast.unparse(node)):
                yield f"{node.lineno}: {ast.unparse(node)}"

    trees = sources()
    asking = {name.partition(":")[0] for name in offenders(trees, asks)}
    rest = {name for name in asking if not name.startswith(("blueprint/", "machine/process_managers/"))}
    assert rest == {"machine/facts.py", "preflight/checks.py"}
    assert {"blueprint/service_spec.py", "machine/process_managers/choice.py"} <= asking


def test_the_blueprint_runs_nothing() -> None:
    def runs(tree: ast.Module) -> Iterator[str]:
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        methods = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "run")
        yield from (f"{call.lineno}: {ast.unparse(call)}" for call in methods)

    assert offenders(sources("blueprint"), runs) == []


def test_only_layout_spells_out_paths_and_names() -> None:
    values = {value for value in vars(layout).values() if isinstance(value, str) and not value.startswith("__")}
    names = {value for value in values if re.search(r"[-/]", value) and "\n" not in value and " " not in value} - WORDS

    def spells(tree: ast.Module) -> Iterator[str]:
        yield from (f"{line}: {text}" for line, text in literals(tree) if text in names or text.startswith(OURS))

    trees = sources()
    del trees["layout.py"]
    assert offenders(trees, spells) == []


def ids_spelled_out(tree: ast.AST) -> Iterator[str]:
    """`"packages:base"`, `f"directory:{path}"` and `f"{File.kind}:{path}"`."""
    begins = re.compile(f"({'|'.join(KINDS)}):")
    yield from (f"{line}: {text}" for line, text in literals(tree) if begins.match(text))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and re.match(r"f.\{[^{}]+\.kind\}:", ast.unparse(node)):
            yield f"{node.lineno}: {ast.unparse(node)}"


def test_ids_are_made_by_one_function() -> None:
    """`id_of` of resources/base.py: a kind that is renamed or misspelled is found before anything runs."""
    trees = sources()
    [one] = ids_spelled_out(trees.pop("resources/base.py"))
    assert one.endswith("f'{kind.kind}:{name}'")
    # What runs inside the hub knows no resources; a URI of SQLite begins like the id of a file.
    others = {name: tree for name, tree in trees.items() if not name.startswith("hubside/")}
    assert offenders(others, ids_spelled_out) == []


def test_ids_that_are_spelled_out_are_found() -> None:
    tree = ast.parse("needs = ('packages:base', f'directory:{x}', f'{File.kind}:{x}', id_of(File, 'a:b'))\n")
    assert len(list(ids_spelled_out(tree))) == 3


def test_the_packages_faces_are_empty() -> None:
    faces = {path for path in PACKAGE.rglob("__init__.py") if "data" not in path.relative_to(PACKAGE).parts}
    assert len(faces) > len(ALLOWED)
    spoken = {path for path in faces if path.read_text()}
    rooms = ("", "hubside", "broker", "accounts_helper")
    assert spoken <= {PACKAGE / room / "__init__.py" for room in rooms}


def test_files_and_functions_are_short() -> None:
    files = [*sorted(CHECKOUT.glob("src/**/*.py")), *CHECKOUT.glob("installer/*.py"), *CHECKOUT.glob("tests/**/*.py")]
    lines = {file: len(file.read_text().splitlines()) for file in files}
    assert {str(file): count for file, count in lines.items() if count > 400} == {}
    own = sorted(count for file, count in lines.items() if file.is_relative_to(PACKAGE) and count)
    assert own[len(own) // 2] < 120

    def long_functions(tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                count = node.end_lineno - node.lineno + 1
                yield from [f"{node.name} has {count} lines"] if count > 60 else []

    assert offenders(sources(), long_functions) == []
