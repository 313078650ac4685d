"""What each way of not working is called, and that no password and no server is left behind whatever happens."""

from pathlib import Path

import pytest

from fakes.host import FakeHost
from fakes.hub_client import Client
from hubinstall import layout
from hubinstall.verify import probe
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.probe import VerifyError

PROBE = layout.PROBE_USER
CONTAINERS = f"docker ps --all --quiet --filter label={layout.USER_LABEL}={PROBE}"
"""Stopped ones count, and nobody else's."""


@pytest.fixture
def host(tmp_path: Path, monkeypatch) -> FakeHost:
    monkeypatch.setattr(probe, "EVERY", 0.001)
    return FakeHost(tmp_path, {"chpasswd": "", "usermod": "", "chage": "", CONTAINERS: ""})


def through(host: FakeHost, client: Client) -> None:
    client.knows(host)
    with probe.clean(host, client):
        probe.login(host, client)
        probe.server(client)
        probe.cell(client)
        probe.stop(host, client)


def test_all_is_well(host: FakeHost) -> None:
    client = Client()
    through(host, client)
    assert client.done == ["login", "login", "stop", "start", "open", "cell", "stop", "logout"]
    locked, undated = f"usermod --password ! {PROBE}", f"chage --lastday -1 {PROBE}"
    assert host.commands[host.commands.index(locked) + 1] == undated, "/etc/shadow would tell the day of the check"
    assert host.commands[0] == "chpasswd --crypt-method SHA512"
    wrong, right = client.tried
    assert right == client.password != wrong
    assert len(wrong) == len(right), "nothing but PAM tells them apart"
    assert client.password not in " ".join(host.commands)


@pytest.mark.parametrize(
    ("failing", "check", "words"),
    [
        ({"start": HubError("server", "it died: no such file")}, "server", "it died: no such file"),
        ({"open": HubError("page", "answered with 503", 503)}, "server", "answered with 503"),
        ({"cell": HubError("kernel", "no kernel", 500)}, "cell", "the kernel: no kernel"),
        ({"cell": HubError("websocket", "refused", 400)}, "cell", "the websocket: refused"),
    ],
)
def test_each_failure_names_its_check_and_leaves_nothing(host: FakeHost, failing, check, words) -> None:
    client = Client(**failing)
    with pytest.raises(VerifyError) as raised:
        through(host, client)
    assert raised.value.check == check
    assert words in raised.value.message
    assert "hubinstall logs jupyterhub" in raised.value.hint
    assert client.done[-1] == "stop"
    locked, undated = f"usermod --password ! {PROBE}", f"chage --lastday -1 {PROBE}"
    assert host.commands[host.commands.index(locked) + 1] == undated, "/etc/shadow would tell the day of the check"


def test_a_cell_that_echoes_is_not_enough(host: FakeHost) -> None:
    client = Client()
    client.output = "print('x' + 'y')"
    with pytest.raises(VerifyError, match="instead of the expected text") as raised:
        through(host, client)
    assert "no kernel of the image can start" in raised.value.hint


@pytest.mark.parametrize(("step", "there"), [("kernel", True), ("websocket", False)])
def test_an_image_without_a_kernel_is_suspected_where_the_kernel_failed(step, there) -> None:
    with pytest.raises(VerifyError) as raised:
        probe.cell(Client(cell=HubError(step, "no answer")))
    assert ("no kernel of the image can start" in raised.value.hint) is there


def test_a_pam_that_refuses_everyone(host: FakeHost) -> None:
    client = Client(login=HubError("login", "Invalid username or password", 403))
    with pytest.raises(VerifyError) as raised:
        through(host, client)
    assert "the correct password was rejected" in raised.value.message
    assert layout.PAM_FILE in raised.value.hint
    assert host.commands[-2].startswith("usermod")
    assert "stop" not in client.done


def test_a_hub_that_breaks_at_the_login_is_not_pams_fault(host: FakeHost) -> None:
    with pytest.raises(VerifyError, match="the correct password was rejected: broken") as raised:
        through(host, Client(login=HubError("login", "broken", 500)))
    assert raised.value.hint == "See: hubinstall logs jupyterhub"


def test_a_pam_that_lets_everyone_in(host: FakeHost) -> None:
    client = Client()
    client.login = lambda user, password: None
    with pytest.raises(VerifyError, match="verify: login: the hub accepts a wrong password") as raised:
        through(host, client)
    assert layout.PAM_FILE in raised.value.hint


def test_an_account_that_takes_no_password(host: FakeHost) -> None:
    client = Client()
    host.answers["chpasswd"] = lambda *_: (1, "", "cannot lock /etc/shadow")
    with pytest.raises(VerifyError, match=f"^verify: login: the password of the account {PROBE} could not") as raised:
        probe.login(host, client)
    assert raised.value.hint == f"cannot lock /etc/shadow The full output is in {layout.LOG_FILE}."
    assert client.tried == []


def test_a_password_that_cannot_be_taken_back_is_no_success(host: FakeHost) -> None:
    host.answers["usermod"] = lambda argv, text: (1, "cannot lock /etc/passwd")
    with pytest.raises(VerifyError, match="could not be locked again") as raised:
        through(host, Client())
    assert raised.value.hint == f"The full output is in {layout.LOG_FILE}.", "no service's log has it"


def test_what_is_only_for_tidiness_may_fail(host: FakeHost) -> None:
    """The day of the last change, and the hub's session."""
    host.answers["chage"] = lambda *_: (1, "cannot lock /etc/shadow")
    through(host, client := Client(logout=HubError("logout", "answered with 503", 503)))
    assert client.done[-1] == "logout"


def test_a_server_that_cannot_be_stopped(host: FakeHost) -> None:
    with pytest.raises(VerifyError, match="verify: stop: answered with 500") as raised:
        probe.stop(host, Client(stop=HubError("stop", "answered with 500", 500)))
    assert raised.value.check == "stop"


def test_a_container_that_takes_a_moment_to_go_is_waited_for(host: FakeHost) -> None:
    there = iter(["abc123\n", "abc123\n", ""])
    host.answers[CONTAINERS] = lambda *_: next(there)
    probe.stop(host, Client())
    assert list(there) == []


def test_containers_that_stay_are_named(host: FakeHost, monkeypatch) -> None:
    monkeypatch.setattr(probe, "STOPPING", 0)
    host.answers[CONTAINERS] = "abc123\ndef456\n"
    with pytest.raises(VerifyError, match="container abc123 def456 still exists"):
        through(host, Client())


@pytest.mark.parametrize("logs", [lambda *_: "Traceback …", lambda *_: (1, "no such container")])
@pytest.mark.parametrize("second", [None, HubError("stop", "answered with 500"), ConnectionResetError()])
def test_the_log_has_what_a_failed_server_said_and_the_message_why(host: FakeHost, logs, second) -> None:
    """Whatever fails after it while things are put in order."""
    client = Client()
    host.answers |= {CONTAINERS: "abc123\n", "docker logs": logs}

    def dies(_timeout: float) -> None:
        client.done.append("start")
        client.failures |= {"stop": second} if second else {}
        raise HubError("server", "it died")

    client.start_server = dies
    with pytest.raises(VerifyError, match="verify: server: it died"):
        through(host, client)
    assert "docker logs --tail 50 abc123" in host.commands
    assert client.done[-1] == "stop"
