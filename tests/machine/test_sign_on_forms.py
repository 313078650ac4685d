"""Sign-ons with the hub's own form: people of a real LDAP directory (slapd), a workshop's password, and none at all."""

import io
import json
import shlex
import time
import zipfile
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from checkout_path import CHECKOUT
from harness import installed
from harness.machine import Machine
from harness.nspawn import ProcessManager
from harness.waiting import soon
from hubinstall import layout
from hubinstall.hubside.new_accounts import account_name
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import PAGE, HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

ROOTS, PASSWORD = "noether-1918-ring", "noether-1918-ring"
GROUPS = "ou=groups,dc=example,dc=org"
PEOPLE = "ou=people,dc=example,dc=org"
ASKS_AT_ONCE = "c.ProviderRights.ask_every = 0.5\nc.ProviderRights.unasked = 1\n"
CERTIFICATE = "/etc/ldap/server.pem"
CHANGE = f"ldapmodify -x -H ldapi:/// -D cn=admin,dc=example,dc=org -w {ROOTS} <<END\n{{}}\nEND\n"
MEMBERS = f"dn: cn={{}},{GROUPS}\nchangetype: modify\n{{}}: memberUid\nmemberUid: emmy"
MOVE = "dn: uid=emmy,{}\nchangetype: modrdn\nnewrdn: uid=emmy\ndeleteoldrdn: 0\nnewsuperior: {}"
WHEEL = "/srv/site_auth-1.0-py3-none-any.whl"
SITES = """
from jupyterhub.auth import Authenticator
from traitlets import Unicode

class SiteAuth(Authenticator):
    word = Unicode("", config=True)

    async def authenticate(self, handler, data):
        return data["username"] if data["password"] == self.word else None
"""
IN_THE_WHEEL = {
    "site_auth.py": SITES,
    "site_auth-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: site-auth\nVersion: 1.0\nRequires-Dist: six\n",
    "site_auth-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "site_auth-1.0.dist-info/RECORD": "site_auth.py,,\n",
}
WIKI_PORT = 8901
WORKSHOP, TEACHERS = "workshop-2026", "a-much-longer-password-for-the-teachers"


def settings(machine: Machine) -> list[str]:
    return [
        "auth.type", "ldap", "auth.ldap.server", f"ldaps://{machine.address}", "auth.ldap.search_base", PEOPLE,
        "auth.ldap.bind_dn", "cn=admin,dc=example,dc=org", "auth.ldap.bind_password_file", "/etc/hubinstall/ldap",
        "auth.ldap.admin_groups", f"['cn=hub-admins,{GROUPS}']", "auth.ldap.allowed_groups", f"['cn=members,{GROUPS}']",
        "auth.ldap.title", "Example University",
    ]  # fmt: skip


def at_first(machine: Machine) -> tuple[str, str]:
    """The hub's virtualenv, and the secrets that there are."""
    return machine.run(["readlink", layout.HUB_VENV]).out, machine.run(["ls", layout.SECRETS]).out


@pytest.fixture(scope="module")
def before(installed_machine: Machine) -> tuple[str, str]:
    return at_first(installed_machine)


@pytest.fixture(scope="module")
def machine(installed_machine: Machine, before: tuple[str, str]) -> Machine:
    """Its people are those of the directory, whose certificate only `network.ca_bundle` knows."""
    machine = installed_machine
    machine.push(CHECKOUT / "tests/harness/inside/directory.sh", "/root/directory.sh")
    machine.run(["sh", "/root/directory.sh", ROOTS, "without SSSD", machine.address])
    machine.write("/etc/hubinstall/ldap", f"{ROOTS}\n", mode=0o600)
    machine.write(f"{layout.HUB_DROPINS}/90-asks-at-once.py", ASKS_AT_ONCE)
    machine.run(["hubinstall", "config", "set", *settings(machine)])
    assert "its certificate is not trusted (self-signed certificate)" in machine.run("hubinstall plan").err
    applied = machine.run(["hubinstall", "config", "set", "network.ca_bundle", CERTIFICATE, "--apply"]).err
    assert f"the page has the hub's form, and {machine.address} answers" in applied
    assert "verify: the hub can start a server and run a cell" in applied
    return machine


@pytest.fixture(scope="module")
def emmy(machine: Machine) -> Iterator[HubClient]:
    with installed.client(machine) as client:
        client.login("EMMY", PASSWORD)  # the directory's name counts, not how it was typed
        client.user = "emmy"
        yield client


def test_a_member_of_the_directory_gets_in_and_an_outsider_reads_why_not(emmy: HubClient, machine: Machine) -> None:
    emmy.start_server()
    assert emmy.run_cell("import os; print(os.path.expanduser('~'))") == "/home/emmy\n"
    assert machine.run(["getent", "passwd", "emmy"]).out.endswith("nologin\n"), "made at the first login"
    with installed.client(machine) as stranger:
        with pytest.raises(HubError, match="otto is not on the list of people who may use this hub"):
            stranger.login("otto", PASSWORD)
        for name, password in (("emmy", "not-hers"), ("*", PASSWORD), (f"emmy,{PEOPLE}", PASSWORD), ("emmy", "")):
            with pytest.raises(HubError, match="Invalid username or password"):
                stranger.login(name, password)
        assert "the password of Example University" in stranger.login_page().text
    assert machine.run(["getent", "passwd", "otto"], check=False).code, "and gets no account"


def test_who_leaves_a_group_of_the_directory_loses_what_came_with_it_with_the_old_cookie(
    emmy: HubClient, machine: Machine
) -> None:
    assert installed.status(emmy, "hub/admin") == 200
    machine.run(CHANGE.format(MEMBERS.format("hub-admins", "delete")))
    assert soon(lambda: installed.status(emmy, "hub/admin") == 403)
    assert emmy.run_cell("print(6 * 7)") == "42\n", "still a member"
    machine.run("hubinstall config set limits.cpu 2 --apply")
    assert "nothing changed" in machine.run("hubinstall apply").err
    assert installed.status(emmy, "hub/home") == 200
    assert installed.status(emmy, "hub/admin") == 403
    machine.run("service slapd stop")
    time.sleep(1)
    assert installed.status(emmy, "hub/home") == 200, "a directory that is away ends nobody's work"
    with installed.client(machine) as otto, pytest.raises(HubError, match="Example University does not answer"):
        otto.login("otto", PASSWORD)
    assert "LdapAuthenticator" in machine.run("hubinstall status", check=False).out
    machine.run("start-slapd")
    machine.run(CHANGE.format(MEMBERS.format("members", "delete")))
    assert soon(lambda: emmy.request("GET", "hub/home", step="session").url.path.endswith("/hub/login"))


def test_who_has_no_entry_any_more_is_locked_until_there_is_one_again(machine: Machine) -> None:
    machine.run(CHANGE.format(MEMBERS.format("members", "add")), check=False)  # she may be in
    hers, day = f"docker ps -q --filter label={layout.USER_LABEL}=emmy", "getent shadow emmy | cut -d : -f 8"
    assert soon(lambda: not machine.run(hers).out), "the server from before has ended"
    with installed.client(machine) as emmy:
        emmy.login("emmy", PASSWORD)
        emmy.start_server()
        emmy.run_cell("open('kept', 'w').write('hers')")
        before = machine.run("id emmy").out
        machine.run(CHANGE.format(MOVE.format(PEOPLE, GROUPS)))
        # She makes no request: the directory is asked all the same.
        assert soon(lambda: machine.run(day).out == "2\n"), "the account is locked"
        assert soon(lambda: not machine.run(hers).out), "her server has ended"
        assert emmy.request("GET", "hub/home", step="session").url.path.endswith("/hub/login")
        with pytest.raises(HubError, match="Invalid username or password"):
            emmy.login("emmy", PASSWORD)
        assert "the sign-on no longer knows its person" in machine.run("hubinstall user list").out
        machine.run(CHANGE.format(MOVE.format(GROUPS, PEOPLE)))
        emmy.login("emmy", PASSWORD)
        emmy.start_server()
        assert emmy.run_cell("print(open('kept').read())") == "hers\n"
        assert (machine.run(day).out, machine.run("id emmy").out) == ("\n", before)
    machine.run(CHANGE.format(MEMBERS.format("members", "delete")))


def test_the_hub_reaches_that_server_only(machine: Machine) -> None:
    if machine.process_manager is ProcessManager.SYSTEMD:
        shown = machine.run("systemctl show -p IPAddressAllow --value jupyterhub").out.split()
        assert f"{machine.address}/32" in shown
        assert "0.0.0.0/0" not in shown
    # What is in /run comes and goes: that grep no longer finds a file is no failure.
    found = machine.run(
        f"grep -rlF --exclude-dir=netns {ROOTS} /etc/hubinstall /opt/hubinstall /var/lib/hubinstall /var/log /run",
        check=False,
    ).out
    kept = machine.run(["stat", "-c", "%a %U %n", *found.split()]).out.splitlines()
    assert sorted(kept) == [
        "400 jupyterhub /var/lib/hubinstall/secrets/sign-on-secret",
        "600 root /etc/hubinstall/ldap",
    ]


def test_a_workshop_has_one_password_and_its_teachers_another(machine: Machine) -> None:
    machine.write("/etc/hubinstall/workshop", f"{WORKSHOP}\n", mode=0o600)
    machine.write("/etc/hubinstall/teachers", "too-short\n", mode=0o600)
    change = [
        "hubinstall", "config", "set", "auth.type", "shared-password", "users.allow_all", "true",
        "auth.shared_password.password_file", "/etc/hubinstall/workshop",
        "auth.shared_password.admin_password_file", "/etc/hubinstall/teachers", "--apply",
    ]  # fmt: skip
    refused = machine.run(change, check=False)
    assert refused.code == 78
    assert "/etc/hubinstall/teachers has 9 characters, and needs 32" in refused.err
    machine.write("/etc/hubinstall/teachers", f"{TEACHERS}\n", mode=0o600)
    assert "everybody who knows the password can log in as anybody but the administrators" in machine.run(change).err
    with installed.client(machine) as guest, installed.client(machine) as teacher:
        guest.login("Sophie", WORKSHOP)
        guest.user = "sophie"
        guest.start_server()
        assert guest.run_cell("import os; print(os.path.expanduser('~'))") == "/home/sophie\n"
        for name, password in (("sophie", TEACHERS), (installed.ADMIN, WORKSHOP), ("sophie", "workshop-2025")):
            with pytest.raises(HubError, match="Invalid username or password"):
                teacher.login(name, password)
        teacher.login(installed.ADMIN, TEACHERS)
        assert installed.status(teacher, "hub/admin") == 200
    assert "one password for all (SharedPassword)" in machine.run("hubinstall status", check=False).out


def test_for_tests_any_password_will_do(machine: Machine) -> None:
    applied = machine.run("hubinstall config set auth.type dummy --apply").err
    assert "anyone who reaches this hub logs in under any name, also as an administrator" in applied
    with installed.client(machine) as anybody:
        anybody.login("marie", "any")
        assert installed.status(anybody, "hub/home") == 200
        assert machine.run(["getent", "passwd", "marie"]).out.endswith("nologin\n")


def test_a_sites_own_class_of_its_own_package_survives_ten_applies(machine: Machine) -> None:
    hubs = machine.run(["readlink", layout.HUB_VENV]).out
    beside = machine.run("hubinstall config set auth.packages \"['jupyterhub<6']\" --apply", check=False)
    assert beside.code == 78
    assert "Because you require jupyterhub<6 and jupyterhub==6" in beside.err
    assert machine.run(["readlink", layout.HUB_VENV]).out == hubs
    machine.write(WHEEL, wheel())
    options = "{word: open-sesame, wrod: x}"
    change = ["hubinstall", "config", "set", "auth.type", "site_auth:SiteAuth", "auth.packages", f"[{WHEEL}]"]
    change += ["users.allow_all", "false"]
    refused = machine.run([*change, "auth.SiteAuth", options, "--apply"], check=False)
    assert refused.code
    assert "auth.SiteAuth.wrod: SiteAuth has no such option" in refused.err
    assert machine.run(["readlink", layout.HUB_VENV]).out == hubs, "put back"
    machine.run([*change, "auth.SiteAuth", "{word: open-sesame}", "--apply"])
    for _ in range(8):
        assert "nothing changed" in machine.run("hubinstall apply").err
    machine.run("hubinstall config set limits.cpu 1.5 --apply")
    with installed.client(machine) as person:
        with pytest.raises(HubError, match="Invalid username or password"):
            person.login("lise", "sesame")
        with pytest.raises(HubError, match="lise is not on the list of people who may use this hub"):
            person.login("lise", "open-sesame")


def test_a_wiki_is_asked_for_a_token_first_and_signs_people_on(machine: Machine) -> None:
    machine.push(CHECKOUT / "tests/harness/inside/wiki.py", "/root/wiki.py")
    machine.write("/etc/hubinstall/wiki", f"{TEACHERS}\n", mode=0o600)
    wiki, person = f"http://{machine.address}:{WIKI_PORT}/index.php", "Emmy Noether"
    callback = f"{installed.url(machine)}hub/oauth_callback"
    machine.run("hubinstall config unset auth")
    options = {"client_id": "hub", "client_secret_file": "/etc/hubinstall/wiki", "mw_index_url": wiki}
    change = ["hubinstall", "config", "set", "auth.type", "mediawiki", "auth.MWOAuthenticator", json.dumps(options)]
    command = ["python3", "/root/wiki.py", machine.address, str(WIKI_PORT), "hub", TEACHERS, callback, person]
    with machine.background(shlex.join(command)):
        machine.run(f"until curl -s {wiki}; do sleep 0.2; done", check=False)
        applied = machine.run([*change, "users.allowed", json.dumps([person]), "--apply"]).err
        assert f"the page leads to {machine.address}:{WIKI_PORT}" in applied
        assert "mwoauth==" in machine.read(layout.HUB_PACKAGES)
        with installed.client(machine) as emmy:
            sent = emmy.request("GET", "hub/oauth_login", step="sign-on", follow_redirects=False)
            place, _, query = sent.headers["Location"].partition("?")
            asked = {"title": ["Special:OAuth/authenticate"], "oauth_token": ["request"], "oauth_consumer_key": ["hub"]}
            assert (place, parse_qs(query)) == (wiki, asked)
            page = emmy.request("GET", "hub/oauth_login", step="sign-on", headers=PAGE)
            assert page.status_code == 200, page.text
            emmy.user = account_name(person)
            assert installed.status(emmy, "hub/home") == 200
            assert f":{person} (hubinstall):" in machine.run(["getent", "passwd", emmy.user]).out
    with installed.client(machine) as late:
        page = late.request("GET", "hub/oauth_login", step="sign-on", headers=PAGE)
        assert page.status_code == 503
        assert "MediaWiki does not answer, so nobody can sign on" in page.text


def test_without_the_setting_all_is_as_before(machine: Machine, before: tuple[str, str]) -> None:
    machine.run("hubinstall config unset users.allowed")
    machine.run("hubinstall config unset auth --apply")
    assert at_first(machine) == before, "the virtualenv of before, and no secret more"
    assert not machine.exists(layout.HUB_PACKAGES)
    assert "nothing changed" in machine.run("hubinstall apply").err
    machine.write("/root/secrets", f"{ROOTS}\n{WORKSHOP}\n{TEACHERS}\nopen-sesame\n")
    left = machine.run(
        "grep -rlFf /root/secrets --exclude-dir=netns --exclude-dir=generations --exclude-dir=edits"
        " /etc/hubinstall /opt/hubinstall /var/lib/hubinstall /run",
        check=False,
    ).out.split()
    files = {f"/etc/hubinstall/{name}" for name in ("ldap", "workshop", "teachers", "wiki")}
    assert set(left) - files == set(), "only root's own, beside what was refused or would be put back"
    assert machine.run("stat -c '%a %U' /var/lib/hubinstall/generations").out == "700 root\n"
    if machine.process_manager is ProcessManager.SYSTEMD:
        assert "0.0.0.0/0" not in machine.run("systemctl show -p IPAddressAllow --value jupyterhub").out
    with installed.client(machine) as ada, pytest.raises(HubError, match="Invalid username or password"):
        ada.login(installed.ADMIN, TEACHERS)
    with installed.client(machine) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        assert installed.status(ada, "hub/admin") == 200
    assert "SiteAuth" not in machine.run("hubinstall status", check=False).out


def wheel() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in IN_THE_WHEEL.items():
            archive.writestr(name, text)
    return made.getvalue()
