"""What nginx gives out by itself is what people's own servers would send, and nothing that a person put there."""

import hashlib
import json
import re
from collections.abc import Iterator

import httpx
import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

STATIC, HUB_STATIC = "/opt/hubinstall/server-static/files", "/opt/hubinstall/hub-static/files"
INSIDE, OUTSIDE = "static/inside.0123456789abcdef.js", "outside.0123456789abcdef.js"
IMMUTABLE = "public, max-age=31536000, immutable"
OWN_HASH = "00112233445566778899"
OWN = f"lab/extensions/own/static/remoteEntry.{OWN_HASH}.js"
# Inside the image: address → SHA-256 of every file that servers find there.
ASK_THE_IMAGE = """
import glob, hashlib, json, os
found = {}
share = "/usr/local/share/jupyter/"
roots = {"static/lab": share + "lab/static", "lab/extensions": share + "labextensions"}
for address, root in roots.items():
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[address + path[len(root):]] = hashlib.sha256(file.read()).hexdigest()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    with HubClient(f"https://{installed_machine.address}/", verify=False) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        client.open_server()
        yield client


@pytest.fixture
def nobody(installed_machine: Machine) -> Iterator[HubClient]:
    """A browser that has not logged in."""
    with HubClient(f"https://{installed_machine.address}/", verify=False) as client:
        yield client


def files(machine: Machine) -> list[str]:
    """The addresses, below a server's own, of what nginx has."""
    listed = machine.run(f"cd -P {STATIC} && find . -type f ! -name '*.gz' ! -name '*.br'").out.split()
    return [name.removeprefix("./") for name in listed]


def get(client: HubClient, path: str, encoding: str = "identity") -> httpx.Response:
    headers = {"Accept-Encoding": encoding}
    return client.request("GET", path, step="static", headers=headers, follow_redirects=False)


def core(machine: Machine) -> str:
    """The largest of all: JupyterLab itself."""
    [found] = [name for name in files(machine) if name.startswith("static/lab/jlab_core.")]
    return found


def test_every_file_is_the_images(installed_machine: Machine) -> None:
    ours = installed_machine.run("docker image ls --format '{{.Repository}}:{{.Tag}}' hubinstall/default").out.split()[
        0
    ]
    asked = ["docker", "run", "--rm", "--network=none", "--entrypoint=python3", ours, "-c", ASK_THE_IMAGE]
    in_image: dict[str, str] = json.loads(installed_machine.run(asked).out)
    listed = installed_machine.run(
        f"cd -P {STATIC} && find lab static/lab -type f ! -name '*.gz' ! -name '*.br' -exec sha256sum {{}} +"
    )
    here = {name: digest for digest, name in (line.split("  ") for line in listed.out.splitlines())}
    assert len(here) > 200
    assert {name: digest for name, digest in here.items() if in_image.get(name) != digest} == {}
    hashed = {name for name in in_image if re.search(r"[.-][0-9a-f]{16,64}\.(js|css|woff2)$", name)}
    assert hashed - here.keys() == set()


def test_it_comes_from_nginx_also_while_the_server_does_not_answer(
    installed_machine: Machine, grace: HubClient, nobody: HubClient
) -> None:
    path = f"user/grace/{core(installed_machine)}"
    assert get(grace, "user/grace/api/status").status_code == 200
    installed_machine.run(["docker", "pause", installed.container("grace")])
    try:
        answer = get(nobody, path)
    finally:
        installed_machine.run(["docker", "unpause", installed.container("grace")])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == IMMUTABLE
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("encoding", "ratio"), [("gzip", 0.3), ("br", 0.25)])
def test_it_was_compressed_beforehand(
    installed_machine: Machine, nobody: HubClient, encoding: str, ratio: float
) -> None:
    path = core(installed_machine)
    ending = {"gzip": "gz", "br": "br"}[encoding]
    plain, packed = (
        int(installed_machine.run(["stat", "-Lc", "%s", f"{STATIC}/{name}"]).out) for name in (path, f"{path}.{ending}")
    )
    headers = {"Accept-Encoding": encoding}
    with nobody._http.stream("GET", f"user/grace/{path}", headers=headers) as answer:
        sent = b"".join(answer.iter_raw())
        assert answer.headers["Content-Encoding"] == encoding
    assert len(sent) == packed < ratio * plain


def test_an_extension_of_ones_own_is_ones_own(installed_machine: Machine, grace: HubClient) -> None:
    """Not among the image's files, it comes from the server; and nobody else gets it, not even right after."""
    folder = "/home/grace/.local/share/jupyter/labextensions/own/static"
    installed_machine.run(["runuser", "-u", "grace", "--", "mkdir", "-p", folder])
    installed_machine.write(f"{folder}/remoteEntry.{OWN_HASH}.js", "graces_own();\n")
    answer = get(grace, f"user/grace/{OWN}")
    assert (answer.status_code, answer.text) == (200, "graces_own();\n")
    installed.add_person(installed_machine, "joan", "spacecraft-1961")
    with HubClient(f"https://{installed_machine.address}/", verify=False) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        joan.open_server()
        assert get(joan, f"user/joan/{OWN}").status_code == 404
        joan.stop_server()


def test_what_a_person_puts_under_an_address_of_the_images_reaches_nobody_else(
    installed_machine: Machine, grace: HubClient, nobody: HubClient
) -> None:
    [name] = [n for n in files(installed_machine) if re.match(r"lab/extensions/@jupyterlab/git/static/remoteEntry", n)]
    path = f"/home/grace/.local/share/jupyter/labextensions/{name.removeprefix('lab/extensions/')}"
    installed_machine.run(["runuser", "-u", "grace", "--", "mkdir", "-p", path.rpartition("/")[0]])
    installed_machine.write(path, "evil();\n")
    image_file = installed_machine.run(["cat", f"{STATIC}/{name}"]).out
    for client, owner in ((grace, "grace"), (nobody, "grace"), (nobody, "joan")):
        assert get(client, f"user/{owner}/{name}").text == image_file


@pytest.fixture(scope="module")
def secret(installed_machine: Machine) -> Iterator[str]:
    """What stands in files above those that nginx has, with names as it looks for them; and in one that it has."""
    text = "not for everybody"
    put = [f"{STATIC}/{INSIDE}", *(f"{folder}/../{OUTSIDE}" for folder in (STATIC, HUB_STATIC))]
    for path in put:
        installed_machine.write(path, text)
    yield text
    installed_machine.run(["rm", *put])


@pytest.mark.parametrize(
    "path",
    [
        f"user/grace/static/../{OUTSIDE}",
        f"user/grace/static/../../{OUTSIDE}",
        f"user/grace/static/%2e%2e/%2e%2e/{OUTSIDE}",
        f"user/grace/static/%2e%2e%2f%2e%2e%2f{OUTSIDE}",
        f"user/grace/static/%252e%252e/%252e%252e/{OUTSIDE}",
        f"user/grace/static/..%5c..%5c{OUTSIDE}",
        f"user/grace/static/static/../../../{OUTSIDE}",
        f"user/grace/lab/extensions/../../../{OUTSIDE}",
        f"hub/static/{OUTSIDE}?v=..",
        f"hub/static/../{OUTSIDE}?v={'0' * 128}",
        f"hub/static/..%2f..%2f{OUTSIDE}?v={'0' * 128}",
        f"hub/static/%2e%2e/%2e%2e/{OUTSIDE}?v={'0' * 128}",
    ],
)
def test_there_is_no_way_out(installed_machine: Machine, secret: str, path: str) -> None:
    def asked(path: str) -> list[str]:
        url = f"https://{installed_machine.address}/{path}"
        return installed_machine.run(["curl", "-sk", "--path-as-is", "-w", "\n%{http_code}", url]).out.splitlines()

    assert asked(f"user/grace/{INSIDE}") == [secret, "200"], "the test sees nothing"
    *page, code = asked(path)
    assert secret not in "\n".join(page)
    # Of the hub or of grace's server: it is not there, or one has to log in first.
    assert code in {"301", "302", "400", "403", "404", "405", "503"}, page


def test_the_hubs_own_files_come_from_nginx_where_the_page_names_their_hash(nobody: HubClient) -> None:
    page = nobody.login_page().text
    addresses = re.findall(r'"/(hub/static/[^"?]+)\?v=([0-9a-f]{128})"', page)
    assert len(addresses) >= 4, page
    for path, digest in addresses:
        answer = get(nobody, f"{path}?v={digest}")
        assert answer.headers.get("Cache-Control") == IMMUTABLE, path
        assert hashlib.sha512(answer.content).hexdigest() == digest
        other = get(nobody, f"{path}?v={'0' * 128}")
        assert other.status_code == 200
        assert other.headers.get("Cache-Control") != IMMUTABLE
