"""What goes with the words of commands: what must end with this program, and the environment that people rely on."""

import pytest

from contract.cases import under
from contract.steps import Trial
from fakes.contract_host import complete
from fakes.host import Told
from fakes.process_managers import SystemdMachine
from hubinstall import layout

TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def commands(tmp_path):
    """What is told to make the thing of a kind's contract (tests/contract), by the name of the program."""
    host = complete(SystemdMachine(tmp_path))

    def of(kind: str, *programs: str) -> list[Told]:
        Trial(under("systemd")[kind](host), host).is_made()
        return [told for told in host.told if told.words.split()[0].rpartition("/")[2] in programs]

    return of


@pytest.mark.parametrize(
    ("kind", "program", "count"),
    [("virtualenv", "uv", 2), ("node-modules", "node", 1), ("image-root", "flock", 1), ("static-files", "bash", 1)],
)
def test_what_fills_a_folder_ends_with_this_program(commands, kind, program, count):
    """Else it still writes where the next run builds the folder again."""
    assert [told.bound for told in commands(kind, program)] == [True] * count


@pytest.mark.parametrize("kind", ["docker-network", "image", "pulled-image", "static-files"])
def test_docker_is_this_machines_whatever_the_context_of_roots_command(commands, kind):
    told = commands(kind, "docker", "bash")
    assert told
    assert {(t.env["DOCKER_HOST"], t.env["DOCKER_CONTEXT"]) for t in told} == {(f"unix://{layout.DOCKER_SOCKET}", "")}


@pytest.mark.parametrize(
    ("kind", "program", "cache"),
    [("virtualenv", "uv", "/srv/contract/uv"), ("image-root", "flock", "/srv/contract/root-1.cache")],
)
@pytest.mark.parametrize("shell", [{}, {"UV_CACHE_DIR": "/mnt/cache", "SSL_CERT_FILE": "/site/ca.pem"}])
def test_uv_trusts_what_the_machine_trusts_and_keeps_nothing_elsewhere(
    commands, monkeypatch, kind, program, cache, shell
):
    """An administrator's shell wins; a cache of theirs may be on another disk, where nothing can be linked."""
    for name in ("UV_CACHE_DIR", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    desired = {
        "UV_CACHE_DIR": cache,
        "UV_LINK_MODE": "copy" if shell else "hardlink",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_TIMEOUT": "120",
        "UV_HTTP_CONNECT_TIMEOUT": "60",
        "UV_HTTP_RETRIES": "5",
        "UV_COMPILE_BYTECODE_TIMEOUT": "0",
        "SSL_CERT_FILE": TRUST_STORE,
    }
    told = commands(kind, program)
    assert told
    assert [t.env for t in told] == [desired | shell] * len(told)


@pytest.mark.parametrize("shell", [{}, {"NODE_EXTRA_CA_CERTS": "/site/ca.pem"}])
def test_npm_trusts_what_the_machine_trusts_and_writes_in_its_folder_only(commands, monkeypatch, tmp_path, shell):
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    [npm] = commands("node-modules", "node")
    folder = "/srv/contract/modules-1"
    assert npm.cwd == f"{tmp_path}{folder}"
    assert npm.env["NODE_EXTRA_CA_CERTS"] == shell.get("NODE_EXTRA_CA_CERTS", TRUST_STORE)
    assert npm.env["HOME"] == folder
    assert npm.env["NODE_DISABLE_COMPILE_CACHE"] == "1"
