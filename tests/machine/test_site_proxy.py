"""A site whose proxy inspects TLS and is the only way out: a hub that comes to it, and an install from nothing."""

import re
from collections.abc import Iterator

import pytest

from harness import clock, installed, one_file, pebble, site_proxy
from harness.certificates import NAME, served, timer
from harness.faults import Place
from harness.machine import Machine
from harness.site_proxy import SiteProxy
from harness.waiting import soon
from hubinstall import layout

pytestmark = pytest.mark.one_kind

AUTHORITY = "/root/site-ca.pem"
BARE = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/local/bin/hubinstall"
"""As a timer runs it: without any variable of a shell."""
CELL = r"""
import os
import subprocess
from pip._internal.models.index import PyPI
os.environ["INDEX"] = f"{PyPI.simple_url}/six/"
for line in (
    "curl -sS -o /dev/null -w '%{http_code}' $INDEX",
    "pip download -q --no-deps -d /tmp/six six && ls /tmp/six | wc -l",
    "python3 -c 'import os, urllib.request as u; print(u.urlopen(os.environ[\"INDEX\"]).status)'",
    "python3 -c 'import os, requests; print(requests.get(os.environ[\"INDEX\"]).status_code)'",
    "git ls-remote $INDEX 2>&1 | grep -ciE 'certificate|resolve|connect'",
    "curl -s --max-time 2 --noproxy '*' $INDEX || echo closed",
    "curl -s -o /dev/null -w '%{http_code}' \"$JUPYTERHUB_API_URL/\"",
):
    print(subprocess.run(line, shell=True, capture_output=True, text=True).stdout.strip())
"""
POST_BUILD = """#!/usr/bin/env python3
import contextlib
import urllib.error
import urllib.request
from pip._internal.models.index import PyPI
with contextlib.suppress(urllib.error.HTTPError):
    urllib.request.urlopen(f"{PyPI.simple_url}/fetched-by-postbuild/")
"""
DOCKERD = "tr '\\0' '\\n' </proc/$(cat /run/docker.pid)/environ | grep -ci proxy"


@pytest.fixture(scope="module")
def site(place: Place) -> Iterator[SiteProxy]:
    """The hub was installed elsewhere; now this proxy is its machine's only way out, and the only one that knows where
    the authority is that issues certificates.
    """
    root = pebble.set_up(place.machine)
    knows = {pebble.ELSEWHERE: place.machine.address}
    with site_proxy.only_way_out(place.machine, knows=knows, trusts=root) as proxy:
        place.machine.write(AUTHORITY, proxy.authority)
        yield proxy


@pytest.fixture(scope="module")
def moved(site: SiteProxy, place: Place) -> str:
    """What apply says when it is told of the proxy."""
    keys = f"network.proxy {site.url_with_login} network.ca_bundle {AUTHORITY} network.no_proxy .intra.example"
    return place.machine.run(f"hubinstall config set {keys} --apply").err


def test_what_cannot_be_used_is_refused_before_anything_changes(site: SiteProxy, place: Place) -> None:
    keys = "network.proxy http://no-such-proxy.example:3128 network.ca_bundle /root/none.pem"
    refused = place.machine.run(f"hubinstall config set {keys} --apply", check=False)
    assert refused.code == 78
    assert "no-such-proxy.example does not resolve on this machine" in refused.err
    assert "/root/none.pem is not a file on this machine" in refused.err
    assert site.seen() == []


def test_everybodys_servers_live_on_and_nothing_is_left_to_do(moved: str, site: SiteProxy, place: Place) -> None:
    assert site_proxy.PASSWORD not in moved
    assert place.kernel.execute("print(kept)") == "42\n"
    assert place.machine.run(f"{BARE} plan --check").err.strip() == "nothing to do"


def test_a_new_server_gets_out_through_it_and_reaches_the_hub_without(
    moved: str, site: SiteProxy, place: Place
) -> None:
    assert moved
    with installed.client(place.machine) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        assert ada.run_cell(CELL).split() == ["200", "1", "200", "200", "0", "closed", "200"]
    assert soon(lambda: any(" GET https://" in one and one.endswith(".whl") for one in site.seen())), "inspected"


def test_apt_and_dockerd_too(moved: str, site: SiteProxy, place: Place) -> None:
    assert moved
    source = "/etc/apt/sources.list.d/inside.list"
    place.machine.write(source, "deb [trusted=yes] http://debian.intra.example/debian stable main\n")
    place.machine.run(f"{BARE} apply")
    place.machine.run("env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin apt-get update -q", check=False)
    assert soon(lambda: any(line.endswith("InRelease") for line in site.seen()))
    assert "debian.intra.example" not in site.hosts()
    place.machine.run(f"rm {source}; {BARE} apply")
    refused = place.machine.run(["docker", "pull", "registry.example/nothing"], check=False)
    assert soon(lambda: "registry.example" in site.hosts()), refused
    info = place.machine.run(["docker", "info"]).out
    assert "10.99.0.0/16" in info
    assert site_proxy.PASSWORD not in info


def test_this_machine_and_its_names_never_go_through_it(moved: str, site: SiteProxy, place: Place) -> None:
    """The apply that came here has logged in, started a server and run a cell."""
    assert "verify: a person can log in" in moved
    own = {place.machine.address, place.machine.name, "localhost", "127.0.0.1", "10.99.0.1"}
    assert site.hosts() & own == set()


def test_builds_of_packages_get_out_through_it(moved: str, site: SiteProxy, place: Place) -> None:
    """apt, uv and a script of a folder's own, in containers; and a package for the hub."""
    assert moved
    machine = place.machine
    machine.run(f"{BARE} environment add tinydb --apt sl", timeout=900)
    machine.run("mkdir /root/stats")
    machine.write("/root/stats/requirements.txt", "roman\n")
    machine.write("/root/stats/postBuild", POST_BUILD, mode=0o755)
    keys = "environments.stats.folder /root/stats hub.packages '[iniconfig]'"
    machine.run(f"{BARE} config set {keys} --apply", timeout=900)
    seen = site.seen()
    for file in ("/sl_", "/tinydb-", "/roman-", "/iniconfig-", "/fetched-by-postbuild"):
        assert any(file in line for line in seen), file
    machine.run(f"{BARE} config unset environments hub.packages --apply", timeout=900)


def test_certbot_gets_and_renews_a_certificate_through_it(moved: str, site: SiteProxy, place: Place) -> None:
    assert moved
    machine = place.machine
    https = f"{{mode: letsencrypt, letsencrypt: {{email: ops@example.org, server: '{pebble.FROM_ELSEWHERE}'}}}}"
    with pebble.names(machine):
        pebble.tell(machine, NAME)
        with pebble.running(machine, 6):
            machine.run(f'{BARE} config set domain {NAME} https "{https}" --apply', timeout=600)
            first = served(machine)
            assert "Pebble" in first["issuer"]
            with clock.ahead(machine, 5):
                timer(machine)
            assert served(machine)["serial"] != first["serial"]
        away = machine.run(f"{BARE} certificate renew --force", check=False)
    assert away.code == 1
    # Squid's certificate for a page of its own lacks what Python 3.13 asks of one.
    words = "(answers with 503 .*or a proxy|does not answer .*CERTIFICATE)"
    assert re.search(f"{pebble.FROM_ELSEWHERE} {words}", away.err), away.err
    assert pebble.ELSEWHERE in site.hosts()
    assert NAME not in site.hosts()
    machine.run(f"{BARE} config unset https && {BARE} config unset domain --apply", timeout=600)
    assert place.kernel.execute("print(kept)") == "42\n"


def test_no_password_is_told(moved: str, place: Place) -> None:
    assert moved
    secret = site_proxy.PASSWORD
    machine = place.machine
    assert machine.run(["grep", "-c", secret, "/var/log/hubinstall/hubinstall.log"], check=False).out == "0\n"
    readable = "find /etc /opt/hubinstall /var/lib/hubinstall -xdev -type f -perm -004"
    found = machine.run(f"{readable} -exec grep -l '{secret}' {{}} +", check=False).out
    assert found == ""


def test_without_the_settings_all_of_it_is_gone(moved: str, site: SiteProxy, place: Place) -> None:
    assert moved
    machine = place.machine
    assert machine.run(DOCKERD).out != "0\n"
    machine.run("hubinstall config unset network --apply")
    assert machine.run(DOCKERD, check=False).out == "0\n"
    left = f"{layout.APT_WAY_OUT} {layout.DOCKER_UNIT_DROPIN} {layout.WAY_OUT}"
    assert machine.run(f"ls {left} /usr/local/share/ca-certificates/hubinstall-*", check=False).out == ""
    body = site.authority.splitlines()[1]
    assert machine.run(["grep", "-c", body, "/etc/ssl/certs/ca-certificates.crt"], check=False).out == "0\n"
    assert place.kernel.execute("print(kept)") == "42\n"
    assert installed.plan(machine) == []


@pytest.mark.drawn("way", ("variables", "flags"), sample=0)
def test_one_file_piped_installs_all_of_it_through_the_proxy(machine: Machine, way: str) -> None:
    """Takes minutes: in exhaustive runs only."""
    with site_proxy.only_way_out(machine) as site:
        machine.write(AUTHORITY, site.authority)
        flags = f"--admin {installed.ADMIN}:{installed.ADMIN_PASSWORD}"
        # The test host's cache of packages would keep the downloads short.
        shell = "unset UV_CACHE_DIR SSL_CERT_FILE REQUESTS_CA_BUNDLE PIP_CERT CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS\n"
        if way == "flags":
            flags += f" --proxy {site.url_with_login} --ca-bundle {AUTHORITY}"
        else:
            shell += f"export HTTPS_PROXY={site.url_with_login} SSL_CERT_FILE={AUTHORITY} NO_PROXY=.intra.example\n"
        with one_file.served(machine, {one_file.NAME: one_file.build()}):
            line = f"curl --noproxy '*' -fsSL {one_file.ADDRESS}/{one_file.NAME} | python3 - {flags}"
            done = machine.run(shell + line, timeout=1800)
        assert installed.told(machine) in done.out + done.err
        for kind in (".deb", ".whl", ".tgz"):
            assert any(line.endswith(kind) for line in site.seen()), kind
        assert machine.run(f"{BARE} plan --check").err.strip() == "nothing to do"
        machine.run("hubinstall uninstall --yes", timeout=1200)
