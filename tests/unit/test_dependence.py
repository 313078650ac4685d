"""Who may know whom: the design's rules of dependence, read off the sources."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from hubinstall import layout

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "src/hubinstall"
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
    """Full dotted names of what is imported: `hubinstall.host.Host`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings with their lines, without docstrings."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def offenders(trees: dict[str, ast.Module], offence: Callable[[ast.Module], Iterator[str]]) -> list[str]:
    return [f"{name}: {found}" for name, tree in trees.items() for found in offence(tree)]


def test_only_host_starts_processes() -> None:
    def starts(tree: ast.Module) -> Iterator[str]:
        yield from (name for name in imports(tree) if name.split(".")[0] in STARTING_MODULES or STARTERS.match(name))
        dotted = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        yield from (name for name in dotted if STARTERS.match(name))

    trees = sources()
    assert offenders({"processes.py": trees.pop("processes.py")}, starts)
    del trees["host.py"]
    assert offenders(trees, starts) == []
    users = [name for name, tree in sources().items() if "hubinstall.processes" in imports(tree)]
    assert users == ["host.py"]


def test_engine_and_resources_know_nothing_of_jupyterhub() -> None:
    above = re.compile(r"^hubinstall\.(parts|blueprint|settings|config|cli|hubside|verify)\b")

    def knows(tree: ast.Module) -> Iterator[str]:
        yield from (name for name in imports(tree) if above.match(name))
        yield from (text for _, text in literals(tree) if "jupyter" in text.lower())
        names = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        yield from (name for name in names if "jupyter" in name.lower())

    assert offenders(sources("engine.py", "resources"), knows) == []


def test_parts_run_nothing() -> None:
    def runs(tree: ast.Module) -> Iterator[str]:
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        methods = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "run")
        yield from (f"{call.lineno}: {ast.unparse(call)}" for call in methods)

    assert offenders(sources("parts", "blueprint.py"), runs) == []


def test_hubside_knows_only_layout() -> None:
    allowed = re.compile(r"^hubinstall\.(layout|hubside)\b")

    def knows(tree: ast.Module) -> Iterator[str]:
        ours = (name for name in imports(tree) if name.split(".")[0] == "hubinstall")
        yield from (name for name in ours if not allowed.match(name) and name != "hubinstall.layout")

    assert offenders(sources("hubside"), knows) == []


def test_only_layout_spells_out_paths_and_names() -> None:
    values = {value for value in vars(layout).values() if isinstance(value, str) and not value.startswith("__")}
    names = {value for value in values if re.search(r"[-/]", value) and "\n" not in value and " " not in value} - WORDS

    def spells(tree: ast.Module) -> Iterator[str]:
        yield from (f"{line}: {text}" for line, text in literals(tree) if text in names or text.startswith(OURS))

    trees = sources()
    del trees["layout.py"]
    assert offenders(trees, spells) == []


def test_files_and_functions_are_short() -> None:
    files = [*sorted(CHECKOUT.glob("src/**/*.py")), *CHECKOUT.glob("installer/*.py"), *CHECKOUT.glob("tests/**/*.py")]
    long = {str(file): lines for file in files if (lines := len(file.read_text().splitlines())) >= 300}
    assert long == {}
    assert len((PACKAGE / "engine.py").read_text().splitlines()) <= 150

    def long_functions(tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                yield from [f"{node.name} has {lines} lines"] if lines > 60 else []

    assert offenders(sources(), long_functions) == []
