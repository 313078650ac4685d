"""A name, an entrance, a path, plain http: where people reach the hub, and what becomes of those who are at work."""

import json
import re

import httpx
import pytest

from harness import installed, visits
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

NAME = "hub.example.org"
ROUTES = (
    "curl -sf --unix-socket /run/hubinstall/proxy-api/api.sock -H"
    ' "Authorization: token $(cat /var/lib/hubinstall/secrets/proxy-token.proxy)" http://x/api/routes'
)
PAGES = """location = / { default_type text/plain; return 200 'the department'; }
location /wiki/ { default_type text/plain; return 200 'the wiki'; }
"""


@pytest.fixture(scope="module")
def named(installed_machine: Machine) -> Machine:
    """The installed machine, with a name."""
    installed_machine.run(f"hubinstall apply --domain {NAME}", timeout=600)
    installed.wait_for_login_page(installed_machine, name=NAME)
    return installed_machine


def person(machine: Machine, path: str = "/") -> HubClient:
    return HubClient(f"https://{NAME}{path}", address=machine.address, verify=False)


def get(machine: Machine, path: str, scheme: str = "https", host: str = NAME, sni: str = NAME) -> httpx.Response:
    """As a browser that found the name in the DNS; whatever certificate there is."""
    with httpx.Client(verify=False, trust_env=False, timeout=installed.PATIENCE) as client:
        url = f"{scheme}://{machine.address}{path}"
        return client.get(url, headers={"Host": host}, extensions={"sni_hostname": sni})


def said(machine: Machine, command: str, code: int = 0) -> str:
    """What a command of ours prints, which ends with `code`."""
    done = machine.run(command, check=False, timeout=900)
    assert done.code == code, done.out + done.err
    return done.out + done.err


# -- a name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/hub/login", "/user/grace/lab?a=1&b=%2F", "/nothing", "/.well-known/x"])
def test_every_path_leads_to_https(named: Machine, path: str) -> None:
    answer = get(named, path, scheme="http")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{NAME}{path}"


def test_another_name_is_refused(named: Machine) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        get(named, "/hub/login", scheme="http", host="evil.example")
    with pytest.raises(httpx.ConnectError, match=r"(?i)unrecognized_name|unrecognized name"):
        get(named, "/hub/login", host="evil.example", sni="evil.example")
    answer = get(named, "/hub/login", host="evil.example")
    assert answer.status_code == 421
    assert "x-jupyterhub-version" not in answer.headers


def test_every_cookie_is_secure_and_no_script_reads_those_of_the_sign_on(named: Machine) -> None:
    with person(named) as grace:
        given = visits.cookies(grace)
        grace.stop_server()
    assert visits.insecure(given) == []
    assert visits.readable(given) == []


@pytest.mark.parametrize("target", visits.ELSEWHERE)
def test_a_login_leads_nowhere_else(named: Machine, target: str) -> None:
    with person(named) as grace:
        assert visits.led_to(grace, target) == ""


def test_what_a_person_says_of_himself_is_overwritten(named: Machine) -> None:
    with person(named) as anybody:
        anybody.request("GET", "hub/said", step="page", headers=visits.report("evil.example"))
    assert visits.noted(named, "said") == named.link.host_address


@pytest.mark.parametrize("path", ["/", "/hub/login", "/hub/static/favicon.ico", "/hub/nothing", "/user/joan/lab"])
def test_every_answer_has_the_headers_and_tells_no_version(named: Machine, path: str) -> None:
    answer = get(named, path)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["strict-origin-when-cross-origin"]
    assert answer.headers["server"] == "nginx"
    assert "strict-transport-security" not in answer.headers, "the certificate is self-signed"


def test_uploads_are_as_large_as_one_says(named: Machine) -> None:
    said(named, "hubinstall config set http.max_upload 2M --apply")
    with person(named) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        for size, codes in ((1 << 20, {200, 201}), (2 << 20, {413})):
            model = {"type": "file", "format": "text", "content": "x" * size}
            saved = grace.fetch("PUT", "user/grace/api/contents/large.txt", step="save", json=model)
            assert saved.status_code in codes
        grace.stop_server()
        form = {"username": "x" * (16 << 10)}
        assert grace.request("POST", "hub/login", step="login", data=form).status_code == 413
    said(named, "hubinstall config unset http.max_upload")


# -- an entrance ----------------------------------------------------------------------------------------------


def test_other_pages_live_beside_the_hub_and_the_entrance_leads_to_it(named: Machine) -> None:
    named.write("/etc/hubinstall/nginx.d/pages.conf", PAGES)
    said(named, "hubinstall config set http.entrance /jupyter --apply")
    assert get(named, "/").text == "the department"
    assert get(named, "/wiki/a").text == "the wiki"
    for path in ("/jupyter", "/jupyter/"):
        answer = get(named, path)
        assert (answer.status_code, answer.headers["location"]) == (302, "/hub/")
    with person(named) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
    said(named, "hubinstall config unset http.entrance")


# -- a path ---------------------------------------------------------------------------------------------------


def user_servers(machine: Machine) -> list[str]:
    return machine.run("docker ps --filter label=hubinstall.user --format '{{.Names}}'").out.split()


def test_a_path_does_not_change_while_servers_run_unless_one_says_so(named: Machine) -> None:
    with person(named) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        config = named.read("/etc/hubinstall/config.yaml")
        refused = said(named, "hubinstall apply --base-url /jupyter/", code=78)
        assert "--base-url /jupyter/: cannot change from / while servers run (1)" in refused
        assert "jupyter-grace" in refused
        assert "hubinstall apply --yes" in refused
        assert named.read("/etc/hubinstall/config.yaml") == config
        assert installed.server_answers(grace)
        said(named, "hubinstall config set courses.stats-101 '{teachers: [grace]}'")
        done = said(named, "hubinstall apply --base-url /jupyter/ --yes")
        assert "1 server had to be stopped (jupyter-grace)" in done
    assert user_servers(named) == []
    assert installed.plan(named) == []


def test_under_a_path_a_person_works_and_other_pages_are_elsewhere(named: Machine) -> None:
    assert get(named, "/").text == "the department"
    assert get(named, "/hub/login").status_code == 404
    assert get(named, "/jupyter").headers["location"] == "/jupyter/"
    with person(named, "/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        assert grace.server() is None, "the hub takes a server for running that nobody reaches"
        grace.start_server()
        assert grace.run_cell("print(6 * 7)") == "42\n"
    assert sorted(json.loads(named.run(ROUTES).out)) == ["/jupyter", "/jupyter/user/grace"]
    said(named, "hubinstall verify")


def test_under_a_path_a_course_has_its_address(named: Machine) -> None:
    with person(named, "/jupyter/") as grace:
        assert grace.request("GET", "course/stats-101", step="page").url.path == "/jupyter/hub/login"
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        page = grace.request("GET", "course/stats-101", step="page")
        assert (page.status_code, page.url.path) == (200, "/jupyter/user/grace/lab/tree/stats-101")
        assert "hubinstallCourses" in page.text
        asked = grace.fetch("POST", "user/grace/hubinstall/courses/stats-101/collect", step="collect")
        assert (asked.status_code, asked.json()) == (200, {"message": "Nobody has handed in."})


def test_under_a_path_nginx_gives_out_what_it_has(named: Machine) -> None:
    [core] = named.run("cd -P /opt/hubinstall/server-static/files && ls static/lab/jlab_core.*.js").out.split()
    page = get(named, "/jupyter/hub/login").text
    of_hub = re.findall(r'"(/jupyter/hub/static/[^"]+[?]v=[0-9a-f]{128})"', page)
    assert len(of_hub) >= 4, page
    for path in (f"/jupyter/user/grace/{core}", *of_hub):
        answer = get(named, path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"], path


def test_where_no_server_answers_the_hub_says_so_under_its_path(named: Machine) -> None:
    named.run(f"""{ROUTES}/jupyter/away -d '{{"target": "http://10.99.0.1:1"}}'""")
    answer = get(named, "/jupyter/away/")
    assert answer.status_code == 503
    assert "/jupyter/hub/static/" in answer.text


def test_a_proxy_that_was_killed_has_its_routes_again_under_a_path(named: Machine) -> None:
    with person(named, "/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        named.run("pkill -9 -u jupyterhub-proxy")
        # JupyterHub alone would take five minutes to notice.
        assert soon(lambda: installed.server_answers(grace)), "the way never came back"


def test_a_server_that_was_started_under_another_path_is_ended_by_the_hub(named: Machine) -> None:
    """As one that somebody starts in the moment before the hub itself changes."""
    with person(named, "/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
    named.run(["sed", "-i", 's#"base_url": "/jupyter/"#"base_url": "/elsewhere/"#', "/opt/hubinstall/etc/hub.json"])
    said(named, "hubinstall restart jupyterhub")
    assert soon(lambda: user_servers(named) == []), "a server runs that no way leads to"
    said(named, "hubinstall apply")
    with person(named, "/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell("print(6 * 7)") == "42\n"


def test_the_network_of_the_servers_changes_the_same_way(named: Machine) -> None:
    assert user_servers(named) == [installed.container("grace")]
    said(named, "hubinstall config set network.subnet 10.97.0.0/16")
    refused = said(named, "hubinstall apply", code=78)
    assert "network.subnet: cannot change from 10.99.0.0/16 while servers run (1)" in refused
    said(named, "hubinstall apply --yes")
    with person(named, "/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert "10.97." in grace.run_cell("import os; print(os.environ['JUPYTERHUB_API_URL'])")
        grace.stop_server()


# -- plain http -----------------------------------------------------------------------------------------------


def listening(machine: Machine) -> set[str]:
    """Where something listens on the ports of the web."""
    rows = machine.run("ss -ltnH '( sport = :80 or sport = :443 or sport = :8000 )'").out.splitlines()
    return {row.split()[3] for row in rows if not row.split()[3].startswith("[")}


def test_plain_http_is_warned_of_and_narrowed_to_one_address(named: Machine) -> None:
    """A running nginx cannot go from every address of a port to one of them, or back."""
    said(named, "hubinstall config unset domain")
    said(named, "hubinstall config set https.mode off")
    warned = said(named, "hubinstall config set http.port 8000 --apply")
    assert "https.mode is off" in warned
    assert f"http://{named.address}:8000/jupyter/" in warned
    assert listening(named) == {"0.0.0.0:8000"}
    with HubClient(f"http://{named.address}:8000/jupyter/") as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell("print(6 * 7)") == "42\n"
        grace.stop_server()
    narrowed = said(named, "hubinstall config set http.address 127.0.0.1 --apply")
    assert "https.mode is off" not in narrowed
    assert listening(named) == {"127.0.0.1:8000"}
    said(named, "hubinstall status --check")
    said(named, "hubinstall config unset http.address --apply")
    assert listening(named) == {"0.0.0.0:8000"}
    assert installed.plan(named) == []
