"""Files, folders, links, and what is made of them."""

import json

from contract.case import BASE, Act, Break, Case, Ends, PutBack
from hubinstall.blueprint.static_files import SCRIPTS
from hubinstall.machine.host import Host
from hubinstall.resources.docker.static_files import StaticFiles
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.json_keys import JsonKeys
from hubinstall.resources.files.nginx_minimums import NginxMinimums
from hubinstall.resources.files.secret import Secret
from hubinstall.resources.files.secret_copy import SecretCopy
from hubinstall.resources.files.tree import Tree
from hubinstall.resources.files.unlinked import Unlinked

OTHER = "www-data"
"""An account and a group of any Debian that is not root."""
OF_A_LINK = "a link has a content, a mode and an owner of its own"


def file_breaks(path: str, content: str, mode: str = "0644", group: str = "root") -> tuple[Break, ...]:
    """Of a file of root's; also of the kinds that are files."""

    def written(mode: str = mode, owner: str = "root", group: str = group) -> Act:
        return lambda host: host.write(path, content.encode(), mode, owner, group)

    link_differs = ("content", "mode", *(() if group == "root" else ("group",)))
    return (
        Break("content", lambda host: host.write(path, b"by hand\n", mode, "root", group)),
        Break("mode", written(mode="0604")),
        Break("owner", written(owner=OTHER)),
        Break("group", written(group="shadow")),
        Break("type", lambda host: host.link(path, "/nowhere"), also=link_differs, why=OF_A_LINK),
    )


def file() -> Case:
    wish = File(f"{BASE}/file", "ours\n", mode="0640", group=OTHER)
    breaks = file_breaks(wish.name, "ours\n", "0640", OTHER)

    def folder(host: Host) -> None:
        host.remove(wish.name)
        host.mkdir(wish.name, mode="0640", group=OTHER)

    refused = Break(
        "type", folder, also=("content",), why="what is in a folder may be somebody's",
        ends=Ends.REFUSED, taken_back=lambda host: host.remove(wish.name),
    )  # fmt: skip
    return Case(wish, (*breaks, refused), lambda host: host.exists(wish.name))


def directory() -> Case:
    wish = Directory(f"{BASE}/folder", mode="0750", group=OTHER)

    def other(mode: str = "0750", owner: str = "root", group: str = OTHER) -> Act:
        return lambda host: host.mkdir(wish.name, mode, owner, group)

    def replaced(host: Host) -> None:
        host.remove(wish.name)
        host.write(wish.name, b"somebody's", mode="0750", group=OTHER)

    return Case(
        wish,
        (
            Break("mode", other(mode="0705")),
            Break("owner", other(owner=OTHER)),
            Break("group", other(group="shadow")),
            Break(
                "type", replaced, why="what is in a file may be somebody's", ends=Ends.REFUSED,
                taken_back=lambda host: host.remove(wish.name),
            ),
        ),
        lambda host: host.exists(wish.name),
    )  # fmt: skip


def link() -> Case:
    wish = Link(f"{BASE}/link", "/opt/there")

    def replaced(host: Host) -> None:
        host.remove(wish.name)
        host.mkdir(wish.name)

    return Case(
        wish,
        (
            Break("target", lambda host: host.link(wish.name, "/opt/elsewhere")),
            Break(
                "type", replaced, also=("target",), why="what is in a folder may be somebody's", ends=Ends.REFUSED,
                taken_back=lambda host: host.remove(wish.name),
            ),
        ),
        lambda host: host.exists(wish.name),
    )  # fmt: skip


def tree() -> Case:
    wish = Tree(f"{BASE}/tree-1", {"one": b"1", "deep/down/two": b"2"})
    broken = Break("complete", lambda host: host.remove(f"{wish.name}/one"))
    return Case(wish, (broken,), lambda host: host.exists(wish.name))


def secret() -> Case:
    wish = Secret(f"{BASE}/secret.a", {f"{BASE}/secret.a": "root", f"{BASE}/secret.b": OTHER})

    def kept(path: str, mode: str, owner: str) -> Act:
        return lambda host: host.write(path, host.read(path) or b"", mode, owner)

    return Case(
        wish,
        (
            Break(f"{BASE}/secret.a", kept(f"{BASE}/secret.a", "0444", "root")),
            Break(f"{BASE}/secret.b", kept(f"{BASE}/secret.b", "0400", "root")),
            Break("copies", lambda host: host.write(f"{BASE}/secret.b", b"0" * 64, "0400", OTHER)),
        ),
        lambda host: any(host.exists(path) for path in wish.readers),
    )


def secret_copy() -> Case:
    source, copy = f"{BASE}/given", f"{BASE}/given.copy"
    return Case(
        SecretCopy(copy, source, OTHER),
        (
            Break("content", lambda host: host.write(copy, b"another\n", "0400", OTHER)),
            Break("owner", lambda host: host.write(copy, host.read(source) or b"", "0444", OTHER)),
        ),
        lambda host: host.exists(copy),
        before=lambda host: host.write(source, b"hush\n", "0600"),
    )


def json_keys() -> Case:
    wish = JsonKeys(f"{BASE}/keys.json", {"live-restore": True, "mtu": 1400}, before=f"{BASE}/keys.before")
    theirs = '{"mtu": 9000,\n\t"theirs": [1,  2]}\n'

    def values(**keys: object) -> Act:
        return lambda host: host.write(wish.name, json.dumps(keys).encode())

    return Case(
        wish,
        (
            Break("live-restore", values(**{"live-restore": False, "mtu": 1400})),
            Break("mtu", values(**{"live-restore": True})),
        ),
        lambda host: "mtu" in host.text(wish.name),
        # What a hand broke is the hand's: only what has our value is taken off.
        put_back=PutBack(lambda host: host.write(wish.name, theirs.encode()), lambda host: host.text(wish.name)),
    )


def nginx_minimums() -> Case:
    wish = NginxMinimums(
        f"{BASE}/nginx.conf", {"worker_connections": 2000, "worker_rlimit_nofile": 8000}, before=f"{BASE}/nginx.before"
    )
    theirs = "user www-data;\n# worker_connections 5;\nevents {\n\tworker_connections 768;\n}\nhttp {}\n"

    def numbers(connections: int, files: int) -> Act:
        text = f"worker_rlimit_nofile {files};\nevents {{ worker_connections {connections}; }}\nhttp {{}}\n"
        return lambda host: host.write(wish.name, text.encode())

    def there(host: Host) -> None:
        if not host.exists(wish.name):
            host.write(wish.name, theirs.encode())

    return Case(
        wish,
        (Break("worker_connections", numbers(768, 8000)), Break("worker_rlimit_nofile", numbers(2000, 1024))),
        lambda host: "worker_connections 2000" in host.text(wish.name),
        before=there,
        put_back=PutBack(lambda host: host.write(wish.name, theirs.encode()), lambda host: host.text(wish.name)),
    )


def unlinked() -> Case:
    wish = Unlinked(f"{BASE}/enabled/site", target=f"{BASE}/available/site", program=f"{BASE}/available")

    def linked(host: Host) -> None:
        for folder in ("enabled", "available"):
            host.mkdir(f"{BASE}/{folder}")
        host.write(wish.target, b"")
        host.link(wish.name, "../available/site")

    return Case(wish, (Break("unlinked", linked),), lambda host: not host.exists(wish.name), before=linked)


def static_files() -> Case:
    source, archive = f"{BASE}/what-it-is-made-of", f"{BASE}/archive"
    command = ("tar", "--create", "--file=-", "-C", archive, "files")
    wish = StaticFiles(f"{BASE}/static-1", command=command, scripts=str(SCRIPTS), source=source)

    def there(host: Host) -> None:
        for folder in (archive, f"{archive}/files"):
            host.mkdir(folder)
        host.write(f"{archive}/files/some.js", b"ours();\n" * 1000)
        host.write(source, b"the first")

    return Case(
        wish,
        (
            Break("complete", lambda host: host.remove_tree(f"{wish.name}/files")),
            Break("of", lambda host: host.write(source, b"the second")),
        ),
        lambda host: host.exists(f"{wish.name}/files/some.js.gz"),
        before=there,
    )
