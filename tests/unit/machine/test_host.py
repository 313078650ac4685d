"""The door to the machine itself: real commands, and real files in a folder."""

import os
import signal
import time

import pytest

from fakes.host import FakeHost
from hubinstall.errors import CommandError, StalledError
from hubinstall.machine.command_environment import BASE_ENVIRONMENT
from hubinstall.machine.host import TEMPORARY, Completed, Host

UID, GID = os.getuid(), os.getgid()


@pytest.fixture
def host(tmp_path) -> Host:
    """A machine that calls whoever runs the tests `me` of the group `us`."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(f"root:x:{UID + 1}:0::/:/bin/sh\nme:x:{UID}:{GID}::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text(f"me:x:{GID + 1}:\nus:x:{GID}:\n")
    return Host(str(tmp_path))


def until(holds) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def ended(child: int) -> int:
    """The exit code of a fork, or the signal that ended it as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# -- commands ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["run", "query"])
def command(request, host):
    return getattr(host, request.param)


def test_what_a_command_has_said_is_answered_and_logged(host, command):
    host.log = (log := []).append
    argv = ["sh", "-c", "cat; echo b; echo c >&2; exit 3"]
    assert command(argv, check=False, input="a\n") == Completed(argv, 3, "a\nb\n", "c\n")
    assert log == [f"$ {' '.join(argv)}", "  a", "  b", "  c"]


@pytest.mark.parametrize(("script", "said"), [("echo why >&2; echo out; exit 3", "why"), ("echo out; exit 3", "out")])
def test_a_command_that_fails_is_an_error_with_what_it_said(command, script, said):
    assert command(["true"]).returncode == 0
    with pytest.raises(CommandError, match=r"`sh -c .*` ended with exit code 3") as raised:
        command(["sh", "-c", script])
    assert (raised.value.returncode, raised.value.hint) == (3, said)


def test_a_program_that_is_not_there_is_like_in_a_shell(command):
    argv = ["no-such-program", "x"]
    assert command(argv, check=False) == Completed(argv, 127, "", "no-such-program: command not found")
    with pytest.raises(CommandError, match="`no-such-program x` ended with exit code 127") as raised:
        command(argv)
    assert (raised.value.returncode, raised.value.hint) == (127, "no-such-program: command not found")


def test_a_command_has_its_time(command):
    with pytest.raises(StalledError):
        command(["sleep", "60"], stall=0.05)


def test_a_command_works_where_it_is_told_to_and_with_what_it_is_told(host, command, tmp_path):
    assert host.run(["pwd"], cwd=str(tmp_path)).stdout == f"{tmp_path}\n"
    assert command(["sh", "-c", 'echo "$A $PATH"'], env={"A": "b"}).stdout == f"b {BASE_ENVIRONMENT['PATH']}\n"


def test_a_bound_command_ends_with_this_program(host, tmp_path):
    assert host.run(["sh", "-c", "echo a"], bound=True).stdout == "a\n", "and is a command like others until then"
    script = "echo $$ >number.half; mv number.half number; exec sleep 60"
    if (child := os.fork()) == 0:
        try:
            host.run(["sh", "-c", script], cwd=str(tmp_path), bound=True)
        finally:
            os._exit(0)
    until((tmp_path / "number").exists)
    number = int((tmp_path / "number").read_text())
    os.kill(child, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    try:
        until(lambda: not running(number))
    finally:
        if running(number):
            os.kill(number, signal.SIGKILL)


def running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_only_a_bound_command_is_started_by_another_program(host, command):
    shell, nothing_found = ["/bin/sh", "-c", "exit 3"], {"PATH": "/nowhere"}
    assert command(shell, check=False, env=nothing_found).returncode == 3
    assert host.run(shell, check=False, env=nothing_found, bound=True).returncode == 127


def test_what_a_person_sees_has_their_terminal_and_our_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("TERM", "of-a-person")
    script = f'[ "$PATH" = {BASE_ENVIRONMENT["PATH"]} ] && [ "$TERM" = of-a-person ] && exit 3'
    assert Host().show(["/bin/sh", "-c", script]) == 3


def test_programs_are_looked_for_where_commands_find_them(host, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert os.path.basename(host.which("sh")) == "sh"
    assert host.which("no-such-program") is None


def test_what_the_administrators_shell_says(host, monkeypatch):
    monkeypatch.setenv("SOME_PROXY", "http://proxy")
    monkeypatch.delenv("NO_SUCH_NAME", raising=False)
    assert (host.environment("SOME_PROXY"), host.environment("NO_SUCH_NAME")) == ("http://proxy", "")


def test_a_process_is_killed_where_its_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HUBINSTALL_CRASH_AT", "toy:a:before")
    if (child := os.fork()) == 0:
        with Host(str(tmp_path)).step("toy:a"):
            os._exit(0)
    assert ended(child) == -signal.SIGKILL


# -- files ---------------------------------------------------------------------------------------------------


def test_whose_something_is_the_machines_own_files_say(host, tmp_path):
    host.write("/file", b"x", owner="me", group="us")
    host.mkdir("/folder", owner="me", group="us")
    host.link("/link", "/file")
    assert {(host.stat(p).owner, host.stat(p).group) for p in ("/file", "/folder", "/link")} == {("me", "us")}
    assert (host.uid("root"), host.gid("me")) == (UID + 1, GID + 1)
    (tmp_path / "etc/passwd").write_text(f"other:x:{UID + 1}:0::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("")
    host.forget()
    assert (host.stat("/file").owner, host.stat("/file").group) == (str(UID), str(GID))


def test_nobody_reads_a_file_or_enters_a_folder_before_it_has_its_owner(tmp_path, monkeypatch):
    host = FakeHost(tmp_path)
    seen = []
    monkeypatch.setattr(host, "_chown", lambda path, *owner: seen.append((path, *owner, host.stat(path).mode)))
    host.write("/etc/file", b"secret", "0644", "alice", "docker")
    host.mkdir("/etc/folder", "0755")
    assert seen == [
        (f"/etc/file{TEMPORARY}", "alice", "docker", "0600"),
        (f"/etc/folder{TEMPORARY}", "root", "root", "0700"),
    ]
    assert [host.stat(path).mode for path in ("/etc/file", "/etc/folder")] == ["0644", "0755"]


def test_what_is_neither_file_nor_folder_nor_link(host, tmp_path):
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert (host.stat("/fifo").kind, host.stat("/fifo").mode) == ("other", "0600")


def test_a_text_of_another_encoding_is_still_a_text(host):
    host.write("/etc/file", b"caf\xe9", owner="me", group="us")
    assert host.text("/etc/file") == "caf\ufffd"


def test_what_stands_below_a_file_is_gone_already(host):
    host.remove("/etc/passwd/below")
    assert host.read("/etc/passwd/below") is None
    assert host.exists("/etc/passwd")
