"""Behind another web server: it speaks TLS and is told what `config proxy-snippet` prints, and only it is believed."""

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest

from harness import installed, visits
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

NAME = "hub.example.org"
PORT = 8000
REPORT = visits.report(NAME)
BEHIND = f"""set -e
hubinstall config set domain {NAME}
hubinstall config set https.mode off
hubinstall config set http.port {PORT}
hubinstall config set http.trusted_proxies '["127.0.0.1"]' --apply
"""
CERTIFICATE = (
    f"openssl req -x509 -newkey rsa:2048 -nodes -keyout /etc/ssl/private/{NAME}.key -out /etc/ssl/certs/{NAME}.pem"
    f" -subj /CN={NAME} -days 30"
)
# A second nginx beside the one that the hub has.
NGINX = """user www-data;
pid /run/front.pid;
error_log /root/front/error.log;
events {}
http { access_log off; include /root/front/site.conf; }
"""
# Apache's own start asks for /run/lock, which systemd makes, and on the plain machine nobody.
APACHE = """set -e
mkdir -p /run/lock
apt-get update -q && apt-get install -qy --no-install-recommends apache2
a2dissite -q 000-default
a2enmod -q ssl headers proxy proxy_http proxy_wstunnel
a2ensite -q jupyterhub
apachectl configtest
apachectl restart
"""


@contextlib.contextmanager
def nginx(machine: Machine, snippet: str) -> Iterator[None]:
    machine.write("/root/front/site.conf", snippet)
    machine.write("/root/front/nginx.conf", NGINX)
    machine.run(["nginx", "-t", "-q", "-c", "/root/front/nginx.conf"])
    with machine.background("exec nginx -c /root/front/nginx.conf -g 'daemon off;'"):
        yield
        machine.run("kill $(cat /run/front.pid); while ss -ltnH 'sport = :443' | grep -q .; do sleep 0.1; done")


@contextlib.contextmanager
def apache(machine: Machine, snippet: str) -> Iterator[None]:
    machine.write("/etc/apache2/sites-available/jupyterhub.conf", snippet)
    machine.run(APACHE, timeout=900)
    yield
    machine.run("apachectl stop")


FRONTS: dict[str, Callable[[Machine, str], contextlib.AbstractContextManager[None]]] = {
    "nginx": nginx, "apache": apache,
}  # fmt: skip


@pytest.fixture(scope="module")
def behind(installed_machine: Machine) -> Machine:
    """The installed machine, told what a hub behind another web server is told; that one is not there yet."""
    machine = installed_machine
    done = machine.run(BEHIND, timeout=900)
    said = done.out + done.err
    assert f"listens on port {PORT}" in said
    assert "https.mode is off" not in said, "warned of plain http, although TLS stands in front"
    assert machine.run("ss -ltnH '( sport = :80 or sport = :443 )'").out == ""
    machine.run(CERTIFICATE)
    return machine


@pytest.fixture(scope="module", params=list(FRONTS))
def front(request: pytest.FixtureRequest, behind: Machine) -> Iterator[Machine]:
    """The same with a web server in front, on the usual ports."""
    kind: str = request.param
    with FRONTS[kind](behind, behind.run(["hubinstall", "config", "proxy-snippet", kind]).out):
        installed.wait_for_login_page(behind, name=NAME)
        yield behind


def person(machine: Machine) -> HubClient:
    return HubClient(f"https://{NAME}/", address=machine.address, verify=False)


# -- straight at the port -----------------------------------------------------------------------------------


def get(url: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.get(url, headers=headers, verify=False, trust_env=False, timeout=installed.PATIENCE)


def straight(machine: Machine, path: str, **headers: str) -> httpx.Response:
    """From the test host, which is nobody's trusted proxy."""
    asked = {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
    return get(f"http://{machine.address}:{PORT}{path}", asked)


def by_trusted(machine: Machine, path: str) -> str:
    """From the machine's own loopback, which is one; the head of the answer."""
    said = " ".join(f"-H '{name}: {value}'" for name, value in REPORT.items())
    return machine.run(f"curl -s -o /dev/null -D - {said} http://127.0.0.1:{PORT}{path}").out


def test_who_is_not_trusted_is_not_believed(behind: Machine) -> None:
    straight(behind, "/hub/forged", **{name.replace("-", "_"): value for name, value in REPORT.items()})
    assert visits.noted(behind, "forged") == behind.link.host_address
    by_trusted(behind, "/hub/reported")
    seen = visits.noted(behind, "reported")
    assert seen == visits.SOMEBODY, "the test sees nothing: a trusted proxy is not believed either"


def test_cookies_are_secure_where_a_trusted_proxy_speaks_tls(behind: Machine) -> None:
    forged = straight(behind, "/hub/login", X_Forwarded_Proto="https", X_Scheme="https")
    assert forged.status_code == 200
    assert "_xsrf" in forged.headers["set-cookie"]
    assert "secure" not in forged.headers["set-cookie"].lower()
    cookies = re.findall(r"(?im)^set-cookie: (.*)$", by_trusted(behind, "/hub/login"))
    assert cookies
    assert [cookie for cookie in cookies if "secure" not in cookie.lower()] == []


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "evil.example", "X-Forwarded-Host": NAME}])
def test_another_name_gets_no_answer(behind: Machine, headers: dict[str, str]) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        get(f"http://{behind.address}:{PORT}/hub/login", headers)


def test_there_is_nothing_left_to_do_and_all_is_well(behind: Machine) -> None:
    assert installed.plan(behind) == []
    behind.run("hubinstall status --check")
    behind.run("hubinstall verify")


# -- through the web server in front ------------------------------------------------------------------------


def test_a_person_works_through_it(front: Machine) -> None:
    with person(front) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell("print(6 * 7)") == "42\n"
        grace.run_cell("open('a name with % and é.txt', 'w').write('found')")
        found = grace.fetch("GET", f"user/grace/files/{quote('a name with % and é.txt')}", step="file")
        assert found.text == "found"


def test_a_large_notebook_is_saved_in_one_piece(front: Machine) -> None:
    with person(front) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        grace.open_server()
        cell = {"cell_type": "raw", "id": "a", "metadata": {}, "source": "x" * (60 << 20)}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        saved = grace.fetch(
            "PUT", "user/grace/api/contents/large.ipynb", step="save", timeout=120,
            json={"type": "notebook", "format": "json", "content": notebook},
        )  # fmt: skip
        assert saved.status_code in {200, 201}
    assert int(front.run("stat -c %s /home/grace/large.ipynb").out) > 60 << 20


def test_every_cookie_is_secure_and_no_script_reads_those_of_the_sign_on(front: Machine) -> None:
    with person(front) as grace:
        given = visits.cookies(grace)
    assert visits.insecure(given) == []
    assert visits.readable(given) == []


@pytest.mark.parametrize("target", visits.ELSEWHERE)
def test_a_login_leads_nowhere_else(front: Machine, target: str) -> None:
    with person(front) as grace:
        assert visits.led_to(grace, target) == ""


@pytest.mark.parametrize("path", ["/", "/hub/login", "/user/grace/lab?a=1&b=%2F", "/nothing"])
def test_every_path_leads_to_https(front: Machine, path: str) -> None:
    answer = get(f"http://{front.address}{path}", {"Host": NAME})
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{NAME}{path}"


def test_what_a_person_says_of_himself_is_overwritten(front: Machine) -> None:
    page = f"said-{secrets.token_hex(4)}"  # for each web server in front another one
    with person(front) as anybody:
        anybody.request("GET", f"hub/{page}", step="page", headers=REPORT)
    assert visits.noted(front, page) == front.link.host_address


def test_another_name_is_not_the_hubs(front: Machine) -> None:
    answer = get(f"https://{front.address}/hub/login", {"Host": "evil.example"})
    assert answer.status_code == 502
    assert "x-jupyterhub-version" not in answer.headers
