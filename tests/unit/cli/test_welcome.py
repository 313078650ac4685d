"""The end of apply says the address and who can log in; that of uninstall what stays."""

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli.services import stopped
from hubinstall.cli.welcome import farewell, welcome
from hubinstall.config.validate import load

FACTS = fake_facts(addresses=("10.0.0.5", "2001:db8::5"))


def settings(text=""):
    return load(text, "config.yaml").settings


def test_every_address_where_there_is_no_name():
    assert welcome(settings(), FACTS, [], {}).startswith(
        "JupyterHub is at https://10.0.0.5/\n               or https://[2001:db8::5]/\n"
    )


def test_behind_another_web_server_what_that_one_needs():
    text = welcome(settings("https: {mode: off}\nhttp: {port: 8000, trusted_proxies: [10.0.0.9]}"), FACTS, [], {})
    assert text.startswith("JupyterHub listens on port 8000 of every address for the web server in front of it (10.")
    assert "hubinstall config proxy-snippet nginx" in text
    assert "self-signed" not in text


def test_everyone_of_the_host():
    text = welcome(settings("users: {admin: [ada]}"), FACTS, ["ada", "grace"], {"ada": "s3cret"})
    assert "ada can log in with the password s3cret" in text
    assert "Administrators of the hub: ada" in text
    assert "ada, grace" in text


def test_the_first_time_what_to_do_next():
    assert "What you may want next:\n  hubinstall status" in welcome(settings(), FACTS, [], {}, first=True)
    assert "next" not in welcome(settings(), FACTS, [], {})


def test_only_those_of_the_file():
    text = welcome(settings("users: {allow_all: false, allowed: [grace]}"), FACTS, ["ada", "grace"], {})
    assert "Who can log in: grace" in text


def test_groups_and_teachers_come_in_too():
    users = "users: {allow_all: false, admin: [ada], admin_groups: [sudo], allowed_groups: [course-101]}"
    text = welcome(settings(f"{users}\nteachers: {{course-101: [prof]}}"), FACTS, [], {})
    assert "Administrators of the hub: ada, the members of sudo\n" in text
    assert "Who can log in: ada, prof, the members of sudo, the members of course-101\n" in text


def test_nobody_yet_says_how():
    text = welcome(settings("users: {allow_all: false}"), FACTS, [], {})
    assert "config add-item users.admin" in text


def test_an_uninstall_says_which_programs_it_stopped(tmp_path):
    host = FakeHost(tmp_path)
    assert "Docker and nginx ran under its supervisor and are now stopped" in farewell(stopped(host))
    host.put(layout.DOCKER_PID, "452\n")
    host.put("/proc/452/comm", "dockerd")
    assert "nginx ran under its supervisor and is now stopped: start it" in farewell(stopped(host))
    assert "Docker and" not in farewell(stopped(host))
    assert "supervisor" not in farewell([])


GITHUB = (
    "auth:\n  type: github\n  GitHubOAuthenticator: {client_id: a, client_secret_file: /b, allowed_organizations: [c]}"
)
OIDC = "auth: {type: oidc, oidc: {issuer: https://login.example.org, client_id: a, client_secret_file: /b%s}}\n"


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (OIDC % "" + "users: {allow_all: true}", "everyone whom https://login.example.org signs on"),
        (OIDC % "" + "users: {allowed: [emmy]}", "emmy, if https://login.example.org signs them on"),
        (
            OIDC % ", admin_groups: [hub-admins]" + "users: {admin: [ada]}",
            "ada and the members of hub-admins, if https://login.example.org signs them on",
        ),
        (
            GITHUB,
            "whom auth.GitHubOAuthenticator lets in, if github signs them on",
        ),
    ],
)
def test_whom_a_provider_signs_on(text, who):
    assert f"Who can log in: {who}\n" in welcome(settings(text), FACTS, [], {})
