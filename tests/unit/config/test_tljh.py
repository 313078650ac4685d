"""A file of The Littlest JupyterHub becomes a valid one of ours, and nothing of it is dropped in silence."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubinstall.config import tljh, validate
from hubinstall.config.problems import ConfigError
from hubinstall.config.yaml.writer import flow_text

COURSE = """
# written by tljh-config
users:
  admin:
  - admin
  allowed: [emmy, sofja]
  banned: [mallory]
  extra_user_groups:
    physics: [emmy, sofja]
limits:
  memory: 1G
  cpu: 2
https:
  enabled: true
  letsencrypt:
    email: ops@example.org
    domains:
    - hub.example.org
    - jupyter.example.org
user_environment:
  default_app: jupyterlab
services:
  cull:
    enabled: true
    timeout: 3600
"""
COURSE_OURS = """\
domain: hub.example.org
https:
  letsencrypt:
    domains: [jupyter.example.org]
    email: ops@example.org
users:
  admin: [admin]
  allowed: [emmy, sofja]
  banned: [mallory]
  allow_all: false
limits:
  memory: 1G
  cpu: 2
services:
  cull:
    timeout: 3600
"""
OWN_FILES = """
https: {enabled: true, port: 8443, tls: {key: /etc/ssl/hub.key, cert: /etc/ssl/hub.pem}}
http: {port: 8080}
base_url: /jupyter
traefik_api: {password: secret}
"""
BEHIND = "{http: {port: 8000, address: 127.0.0.1}, users: {admin: ada}, services: {cull: {enabled: false}}}"
GITHUB = """
auth:
  type: oauthenticator.github.GitHubOAuthenticator
  GitHubOAuthenticator: {client_id: abc, client_secret: very-secret}
limits: {memory: None, cpu: None}
"""


def of(text: str) -> tljh.Imported:
    return tljh.imported(text, "tljh.yaml")


def said(made: tljh.Imported) -> str:
    return "\n".join(made.notes)


def test_a_course() -> None:
    made = of(COURSE)
    assert made.text == COURSE_OURS
    assert made.admins == ("admin",)
    assert made.people == ("emmy", "sofja")
    assert "usermod -aG physics emmy" in said(made)
    assert "passwords cannot be taken over" in said(made)


def test_own_certificate_under_a_path() -> None:
    made = of(OWN_FILES)
    assert made.text == ("base_url: /jupyter/\nhttps:\n  tls:\n    key: /etc/ssl/hub.key\n    cert: /etc/ssl/hub.pem\n")
    for words in ("https.port: nginx serves https on port 443", "http: left out", "there is no traefik here"):
        assert words in said(made)


def test_behind_another_web_server() -> None:
    made = of(BEHIND)
    assert made.text == (
        'https:\n  mode: off\nhttp:\n  port: 8000\n  address: "127.0.0.1"\nusers:\n  admin: [ada]\n'
        "services:\n  cull:\n    enabled: false\n"
    ).replace('"127.0.0.1"', "127.0.0.1")
    assert "set http.trusted_proxies" in said(made)
    assert "cull" not in said(made)


def test_another_sign_on_is_named_and_its_secret_is_not() -> None:
    made = of(GITHUB)
    assert made.text == ""
    assert "auth.type: oauthenticator.github.GitHubOAuthenticator" in said(made)
    assert "auth.GitHubOAuthenticator.client_secret" in said(made)
    assert "very-secret" not in said(made) + made.text
    assert "limits.memory: had no limit" in said(made)


def test_plain_http_becomes_https() -> None:
    made = of("https: {letsencrypt: {email: ops@example.org}}")
    assert made.text == ""
    assert "https: was not enabled; here it is on" in said(made)
    assert "because it was not enabled" in said(made)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("limits: {memory: 20M}", "limits.memory: left out"),
        ("limits: {cpu: many}", "limits.cpu: left out"),
        ("users: {admin: [root]}", "users.admin"),
        ("users: {admin: [ada], banned: [ada]}", "users.banned: ada is an administrator"),
        ("base_url: 7", "base_url: left out"),
        ("limits: {memory: 2G, gpu: 1}", "limits.gpu: a choice at the start (profiles) lends GPUs"),
        ("auth: {type: [pam]}", "auth.type"),
        ("nonsense: {deep: 1}", "nonsense.deep: is no setting of TLJH's"),
    ],
)
def test_what_cannot_be_taken_over_is_named(text: str, key: str) -> None:
    made = of(text)
    validate.load(made.text)
    assert key in said(made)


def test_a_file_that_is_no_yaml_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"tljh\.yaml:1:"):
        of("users: [")


NAMES = st.sampled_from(["ada", "grace", "root", "Bad Name", "x" * 40, "", "7"]) | st.text(max_size=5) | st.integers()
SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SIMPLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
PEOPLE = st.lists(NAMES, max_size=4) | ANY


def section(**keys: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.fixed_dictionaries({}, optional=keys) | ANY


FILES = st.fixed_dictionaries(
    {},
    optional={
        "base_url": st.sampled_from(["/", "/hub", "jupyter/", "//"]) | ANY,
        "users": section(admin=PEOPLE, allowed=PEOPLE, banned=PEOPLE, extra_user_groups=section(physics=PEOPLE)),
        "limits": section(memory=st.sampled_from(["2G", "None", "1X", 5]) | ANY, cpu=st.floats() | ANY),
        "https": section(
            enabled=st.booleans() | ANY,
            letsencrypt=section(
                email=st.sampled_from(["a@b.org", "x"]) | ANY,
                domains=st.lists(st.sampled_from(["hub.example.org", "hub", "a b", ""]), max_size=3) | ANY,
            ),
            tls=section(key=st.sampled_from(["/a", "a", ""]) | ANY, cert=st.sampled_from(["/a", ""]) | ANY),
        ),
        "http": section(port=st.integers() | ANY, address=st.sampled_from(["127.0.0.1", "x"]) | ANY),
        "auth": section(type=st.text(max_size=9) | ANY, FirstUseAuthenticator=ANY),
        "user_environment": section(default_app=st.sampled_from(["classic", "jupyterlab"]) | ANY),
        "services": section(cull=section(enabled=st.booleans() | ANY, timeout=ANY)),
        "other": ANY,
    },
)


@settings(deadline=None)
@example({"https": {"enabled": True, "letsencrypt": {"domains": True}}})
@given(FILES)
def test_whatever_the_file_says_ours_is_valid(tree: object) -> None:
    try:
        made = of(flow_text(tree))
    except ConfigError:
        return  # keys that are written twice, or characters that no file may have
    validate.load(made.text)
