"""What nginx gives out by itself: which files those are, how they are packed, and what happens where there are none."""

import hashlib
import importlib.util
import io
import re
import subprocess
import sys
import tarfile

import pytest

from fakes.contract_host import really
from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint import static_files
from hubinstall.blueprint.nginx import nginx
from hubinstall.blueprint.packages import base
from hubinstall.blueprint.runtimes import programs
from hubinstall.blueprint.user_image import environment
from hubinstall.errors import CommandError
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import look
from hubinstall.resources.docker.static_files import StaticFiles
from hubinstall.resources.files.file import File
from hubinstall.resources.packages.apt import Packages
from hubinstall.settings.model import Settings

HASH = "0123456789abcdef"
PACK = static_files.SCRIPTS / "pack.sh"


@pytest.fixture
def find(tmp_path, monkeypatch):
    """The program that looks into an image, on a Python whose prefix is a folder."""
    spec = importlib.util.spec_from_file_location("find", static_files.SCRIPTS / "find.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    # What this test host has of Jupyter's is not looked at.
    path = module.Path
    monkeypatch.setattr(
        module,
        "Path",
        lambda *parts: path(tmp_path / "none" if parts[0] in {"/usr", "/usr/local"} else parts[0], *parts[1:]),
    )
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _name: None)
    return module


def put(folder, *names, content=b"x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def archive(find, what, monkeypatch, capsysbinary) -> dict[str, bytes]:
    monkeypatch.setattr(sys, "argv", ["find.py", what])
    find.main()
    with tarfile.open(fileobj=io.BytesIO(capsysbinary.readouterr().out)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_of_servers_only_what_has_its_hash_in_its_name(find, tmp_path, monkeypatch, capsysbinary):
    lab, extensions = tmp_path / "share/jupyter/lab/static", tmp_path / "share/jupyter/labextensions"
    put(
        lab,
        f"main.{HASH}.js",
        f"{HASH}.woff2",
        "index.html",
        "style.js",
        f"main.{HASH}.js.map",
        f"{HASH}.html",
        "package.json",
    )
    put(extensions, f"@org/one/static/remoteEntry.{HASH}.js", "@org/one/package.json", "@org/one/static/style.js")
    assert list(archive(find, "server", monkeypatch, capsysbinary)) == [
        f"files/lab/extensions/@org/one/static/remoteEntry.{HASH}.js",
        f"files/static/lab/{HASH}.woff2",
        f"files/static/lab/main.{HASH}.js",
    ]


def test_of_the_hub_what_its_pages_ask_for_by_hash(find, tmp_path, monkeypatch, capsysbinary):
    share = tmp_path / "share/jupyterhub"
    put(share, "static/css/style.min.css", "static/js/unasked.js", "static/secret.txt", content=b"css")
    page = """{{ static_url('css/style.min.css') }} {{static_url( "gone.js" )}} {{ static_url('secret.txt') }}
        {{static_url('js', include_version=False)}}"""
    put(share, "templates/page.html", content=page.encode())
    found = archive(find, "hub", monkeypatch, capsysbinary)
    assert found == {f"files/{hashlib.sha512(b'css').hexdigest()}/css/style.min.css": b"css"}


def test_it_takes_what_nginx_knows_the_type_of(find):
    assert static_files.TYPES.keys() == find.TYPES


def test_the_hubs_own_pages_name_hashes_that_this_finds():
    """JupyterHub's real templates, and tornado's real hash."""
    done = subprocess.run(
        [sys.executable, "-I", "-", "hub"],
        stdin=(static_files.SCRIPTS / "find.py").open(),
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        found = {entry.name: tar.extractfile(entry).read() for entry in tar}
    assert any(name.endswith("/css/style.min.css") for name in found)
    for name, content in found.items():
        assert name.split("/")[1] == hashlib.sha512(content).hexdigest()


def pack(folder, *command):
    folder.mkdir()
    return subprocess.run(["bash", PACK, folder, "-", *command], capture_output=True, text=True, check=False)


def test_packed_are_files_and_nothing_else(tmp_path):
    source = tmp_path / "source"
    put(source, "files/a.js", content=b"a();\n" * 1000)
    put(source, "files/small.js", content=b"a();")
    (source / "files/a.js").chmod(0o4711)
    (source / "files/out").symlink_to("/etc")
    assert pack(tmp_path / "made", "tar", "--create", "--file=-", "-C", source, "files").returncode == 0
    made = {str(p.relative_to(tmp_path / "made")): p for p in (tmp_path / "made").rglob("*") if not p.is_dir()}
    assert made.keys() == {"files/a.js", "files/a.js.gz", "files/small.js"}
    assert {f"{p.stat().st_mode & 0o7777:04o}" for p in made.values()} == {"0644"}


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 125", 125), ("exit 127", 99), ("exit 1", 99), ("echo no archive", 1), ("exit 0", 1)],
)
def test_a_command_that_gives_nothing(tmp_path, script, code):
    assert pack(tmp_path / "made", "sh", "-c", script).returncode == code


def resource(command) -> StaticFiles:
    return StaticFiles("/opt/static", command=tuple(command), scripts=str(static_files.SCRIPTS), what="the image x")


def applied(tmp_path, command) -> FakeHost:
    host = FakeHost(tmp_path)
    host.answers["bash"] = really(host)
    wished = resource(command)
    wished.apply(host, look(wished, host))
    assert look(wished, host) is None
    return host


def test_an_image_without_python_is_no_failure(tmp_path):
    host = applied(tmp_path, ["sh", "-c", "echo python3: not found >&2; exit 127"])
    [notice] = host.notices
    assert notice.startswith("nginx cannot serve the static files of the image x itself (python3: not found): its")


def test_a_docker_that_does_not_answer_is_one(tmp_path):
    with pytest.raises(CommandError):
        applied(tmp_path, ["sh", "-c", "exit 125"])


def wished(settings=None, **facts) -> list[StaticFiles]:
    facts = fake_facts(**facts)
    image = environment(settings or Settings(), facts, docker=())
    made = static_files.static_files(facts, image, programs(facts).hub_venv)
    return [r for r in made if isinstance(r, StaticFiles)]


def test_another_image_or_another_way_of_packing_has_another_folder():
    ours, hub = wished()
    theirs, same_hub = wished(Settings.model_validate({"environment": {"image": "quay.io/jupyter/base-notebook"}}))
    only_gzip, _ = wished(nginx_encodings=("gzip",))
    assert len({ours.name, theirs.name, only_gzip.name}) == 3
    assert hub == same_hub
    assert not ours.source
    assert theirs.source.startswith(layout.IMAGES)


def test_nothing_around_it_runs_in_the_image():
    [command] = [w.command for w in wished() if w.command[0] == "docker"]
    assert {"--network=none", "--read-only", "--cap-drop=ALL", "--user=65534:65534"} <= set(command)
    assert not [word for word in command if re.match(r"(-v|--volume|--mount|--privileged)", word)]


@pytest.mark.parametrize("encodings", [("gzip", "br"), ("gzip",), ()])
def test_compressed_as_this_nginx_can_give_it_out(encodings):
    facts = fake_facts(addresses=("10.0.0.5",), nginx_encodings=encodings)
    [packages] = [r for r in base(facts) if isinstance(r, Packages) and r.name == "nginx"]
    assert ("brotli" in packages.packages) is ("br" in encodings)
    written = site("/", facts)
    assert ("gzip_static on;" in written, "brotli_static on;" in written) == ("gzip" in encodings, "br" in encodings)


MACHINE = fake_facts(addresses=("10.0.0.5",))


def site(base_url: str, facts: Facts = MACHINE) -> str:
    settings = Settings(domain="hub.example.org", base_url=base_url)
    files = nginx(settings, facts)
    return next(str(r.content) for r in files if isinstance(r, File) and r.name == layout.NGINX_SITE)


ADDRESSES = {
    "user/grace/static/lab/main.0123456789abcdef.js": "static/lab/main.0123456789abcdef.js",
    "user/grace/second/static/lab/0123456789abcdef.woff2": "static/lab/0123456789abcdef.woff2",
    "user/grace/lab/extensions/@a/b/static/x.0123456789abcdef.js": "lab/extensions/@a/b/static/x.0123456789abcdef.js",
    "user/grace/static/lab/main.js": None,
    "user/grace/static/lab/main.0123456789abcdef.js/more": None,
    "user/grace/files/static/lab/main.0123456789abcdef.js": None,
    "user/grace/files/a/b/static/lab/main.0123456789abcdef.js": None,
    "user/grace/proxy/8000/static/lab/main.0123456789abcdef.js": None,
    "hub/user/grace/static/lab/main.0123456789abcdef.js": None,
}


@pytest.mark.parametrize("base_url", ["/", "/jupyter/", "/a.b/"])
def test_which_addresses_nginx_looks_at(base_url):
    """The expressions are PCRE's; Python writes the name of a group in another way."""
    [written] = re.findall(r'location ~ "(\S+/user/\S+)" {', site(base_url))
    expression = re.compile(written.replace("(?<hub", "(?P<hub"))
    for address, file in ADDRESSES.items():
        found = expression.search(f"{base_url}{address}")
        assert (found and found["hubinstall_file"]) == file, address
    assert not expression.search("/axb/user/grace/static/lab/main.0123456789abcdef.js") or base_url == "/"


def test_of_v_only_a_hash_becomes_a_part_of_a_path():
    [written] = re.findall(r'"~(\S+)" \$arg_v;', site("/"))
    expression = re.compile(written)
    assert expression.search("0a" * 64)
    for other in ("", "../..", "0a" * 63, "0a" * 65, f"../{'0a' * 64}", f"{'0a' * 64}/..", "0A" * 64):
        assert not expression.search(other)


def test_a_bundle_brings_them_as_they_are(tmp_path):
    """Saved on one machine, unpacked on another: the same files, and no container runs there."""
    made, machine = FakeHost(tmp_path / "made"), FakeHost(tmp_path / "machine")
    files = resource(["none"])
    for host in (made, machine):
        host.answers |= {"tar": lambda argv, _: subprocess.run(argv, check=True) and ""}
    for name in ("lab/main.0123.js", "lab/main.0123.js.br", ".sealed", "made-of"):
        made.put(f"/opt/static/{name}", name)
    machine.put(layout.BUNDLE, "")
    machine.put(f"{layout.UNPACKED_BUNDLE}/static/of-another.tar", "")
    assert files.archive == "static.tar"
    made.path("/brought").mkdir()
    files.save(made, f"/brought/{files.archive}")
    machine.put(f"{layout.UNPACKED_BUNDLE}/static/{files.archive}", "")
    machine.path(f"{layout.UNPACKED_BUNDLE}/static/{files.archive}").write_bytes(made.read("/brought/static.tar"))
    files.apply(machine, look(files, machine))
    assert look(files, machine) is None
    assert machine.names("/opt/static/lab") == ["main.0123.js", "main.0123.js.br"]
    assert machine.text("/opt/static/made-of") == ""
    assert [command.split()[0] for command in machine.commands] == ["tar", "sync"]
