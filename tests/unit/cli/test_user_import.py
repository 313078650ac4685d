"""`hubinstall user import`: each line's fate is said, and nothing is lost, whatever happens in between."""

import csv
import html
import io
import re

import pytest

from fakes.facts import fake_facts
from fakes.people_machine import hubinstall, made
from fakes.shadow_tools import TOOLS
from hubinstall import layout
from hubinstall.accounts_helper import links
from hubinstall.cli import user_import
from hubinstall.errors import UserError
from hubinstall.people import importing

CLASS = """Name;Full Name;E-Mail;Group;Room
grace;Hopper, Grace;grace@example.org;course;1
Lisa;Lisa <Meitner>;;;2
max.muster;=Max;;;3
grace;Hopper, Grace;grace@example.org;course;1
alice;Alice;;;4
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(user_import, "gather", lambda *_: fake_facts(addresses=("203.0.113.7",)))
    machine = made(tmp_path, monkeypatch)
    machine.path("/root").mkdir()
    return machine


@pytest.fixture
def said(machine, tmp_path, capsys):
    """Import this text; what is said on both channels."""

    def run(text, *flags):
        file = tmp_path / "class.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        hubinstall(machine, "import", str(file), *flags)
        told = capsys.readouterr()
        return (told.out + told.err).replace(str(file), "class.csv")

    return run


def sheet(machine, ending="csv"):
    [name] = [one for one in machine.names(layout.PEOPLE_SHEETS) if one.endswith(ending)]
    path = f"{layout.PEOPLE_SHEETS}/{name}"
    assert machine.stat(path).mode == "0600"
    return machine.text(path)


def table(machine):
    return {row["name"]: row for row in csv.DictReader(io.StringIO(sheet(machine)))}


def test_a_whole_class(machine, said):
    told = said(CLASS)
    assert told.splitlines()[:7] == [
        "class.csv: line 1: titles (name, full name, email, group); not used: Room",
        "class.csv:2: grace: new", "class.csv:3: lisa: the file says Lisa: new", "class.csv:4: max.muster: new",
        "class.csv:5: grace: the same as line 2", "class.csv:6: alice: has an account already",
        "5 lines: 3 new, 1 with an account already, 1 twice in the file",
    ]  # fmt: skip
    assert "3 accounts can log in" in told
    rows = table(machine)
    assert list(rows) == ["grace", "lisa", "max.muster"]
    assert {name: row["password"] for name, row in rows.items()} == machine.shadow.passwords
    assert rows["grace"]["full name"] == "Grace Hopper"
    assert rows["grace"]["address"] == "https://203.0.113.7/"
    assert rows["max.muster"]["full name"] == "'=Max", "no spreadsheet takes it for a formula"
    assert machine.members("course") == "grace"
    assert machine.stat(layout.PEOPLE_SHEETS).mode == "0700"
    page = sheet(machine, "html")
    assert "Lisa &lt;Meitner&gt;" in page
    assert len(re.findall("<section>", page)) == 3
    assert all(html.escape(row["password"]) in page for row in rows.values())
    assert not any(password in told for password in machine.shadow.passwords.values())
    assert not machine.exists(layout.PEOPLE_IMPORT)


def test_the_same_file_again_changes_nothing(machine, said):
    said(CLASS)
    before = machine.text("/etc/passwd"), machine.text("/etc/shadow"), machine.names(layout.PEOPLE_SHEETS)
    assert "Nothing was changed: everyone in the file has an account." in said(CLASS)
    assert before == (machine.text("/etc/passwd"), machine.text("/etc/shadow"), machine.names(layout.PEOPLE_SHEETS))


def test_a_dry_run_only_says(machine, said):
    told = said(CLASS, "--dry-run")
    assert "class.csv:2: grace: new" in told
    assert "Nothing was changed" in told
    assert not [one for one in machine.commands if one.startswith(TOOLS)]
    assert not machine.exists(layout.PEOPLE_SHEETS)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Jörg Müller", "wrong: 'Jörg Müller' cannot be the name of a new account; try joerg.mueller"),
        (";Müller, Jörg", "wrong: Jörg Müller has no account name; try joerg.mueller"),
        (";;ada@example.org", "wrong: ada@example.org has no account name; try ada"),
        ("ada@example.org", "wrong: ada@example.org cannot be the name of a new account; try ada"),
        ("grace;Another", "wrong: grace is in line 2 already, with other values"),
        ("root", "wrong: root is a system account"), ("www-data", "wrong: www-data is a system account"),
        ("../../etc/passwd", "wrong: "), ("ada;x:y", "wrong: x:y cannot be a full name"),
        ("ada;;no-address", "wrong: ada: 'no-address' is not an email address"),
        ("ada;;;docker", "wrong: docker is a group of the system"), ("ada;;;nobodys", "wrong: there is no group"),
        ("ada;;;;short", "wrong: ada: the password has 5 characters, and needs 8"),
        ("ada;;;;;x", "wrong: has 6 cells, and there are 5 columns"), ("x" * 40, f"try {'x' * 32}"),
    ],
)  # fmt: skip
def test_one_wrong_line_and_nothing_is_changed(machine, capsys, tmp_path, line, words):
    file = tmp_path / "class.csv"
    file.write_text(f"name;full name;email;group;password\ngrace\n{line}\nlisa\n")
    with pytest.raises(UserError, match=r"1 line of .* cannot be used, and nothing was changed") as caught:
        hubinstall(machine, "import", str(file))
    assert caught.value.code == 2
    told = capsys.readouterr().out
    assert words in told
    assert f"{file}:4: lisa: new" in told
    assert "short" not in told.replace("shorter", "")
    assert not [one for one in machine.commands if one.startswith(TOOLS)]
    assert not machine.exists(layout.PEOPLE_IMPORT)


def test_proposed_names_are_taken_if_one_says_so(machine, said):
    people = "Vorname;Name;E-Mail\nJörg;Müller;\nJörg;Müller;other@example.org\nJörg;Müller;x@example.org\n"
    told = said(f"{people};;\nÅsa;Öberg;\n", "--accept-names")
    assert "class.csv:2: joerg.mueller: a name that was proposed for 'Jörg Müller': new" in told
    assert list(table(machine)) == ["joerg.mueller", "other", "x", "asa.oeberg"]
    assert "everyone in the file has an account" in said(f"{people}Åsa;Öberg;\n", "--accept-names")


def test_namesakes_are_numbered_in_the_order_of_the_file(machine, said):
    people = "name;full name;group\n;Ada Lovelace;\n;Ada Lovelace;course\n"
    said(people, "--accept-names")
    assert list(table(machine)) == ["ada.lovelace", "ada.lovelace2"]
    assert "everyone in the file has an account" in said(people, "--accept-names")


def test_a_proposal_that_is_somebody_elses_account_is_wrong(machine, said):
    hubinstall(machine, "add", "ada.lovelace", "--full-name", "Adam Lovelace")
    with pytest.raises(UserError, match="1 line of"):
        said("Ada Lovelace\n".replace("Ada Lovelace", ";Ada Lovelace"), "--accept-names")


def test_given_passwords_are_set_and_removed_people_come_back(machine, said):
    hubinstall(machine, "add", "grace")
    hubinstall(machine, "remove", "grace")
    told = said("grace,Grace Hopper,,,cobol-1959\n")
    assert "class.csv:1: grace: was removed, and comes back with its number 1001" in told
    assert machine.shadow.passwords["grace"] == "cobol-1959"
    assert machine.row("grace")[4] == "Grace Hopper"
    assert machine.line("grace")[7] == ""


@pytest.mark.parametrize("text", ["", "\n\n", "name;email\n"])
def test_an_empty_list_is_said(said, text):
    with pytest.raises(UserError, match="has no line with a person"):
        said(text)


def test_a_file_that_is_not_there(machine):
    with pytest.raises(UserError, match="cannot be read"):
        hubinstall(machine, "import", "/nonexistent/class.csv")


def test_a_folder_where_others_write_gets_no_passwords(machine, said):
    machine.path("/srv/open").mkdir()
    machine.path("/srv/open").chmod(0o777)
    with pytest.raises(UserError, match="only root can write"):
        said(CLASS, "--sheet-folder", "/srv/open")


@pytest.mark.parametrize(("tool", "count"), [("useradd", 1), ("useradd", 2), ("useradd", 3), ("chpasswd", 1)])
@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_and_run_again(machine, said, tool, count, after):
    """The same file goes on: no one is made twice, and everybody is in the list of passwords."""
    real, left = machine.answers[tool], [count]

    def killed(argv, text):
        left[0] -= 1
        answer = real(argv, text) if after or left[0] else ""
        if not left[0]:
            raise KeyboardInterrupt
        return answer

    machine.answers[tool] = killed
    with pytest.raises(KeyboardInterrupt):
        said(CLASS)
    machine.answers[tool] = real
    told = said(CLASS)
    assert "class.csv was interrupted, and goes on first" in told
    assert [line.split(":")[0] for line in machine.text("/etc/passwd").splitlines()].count("grace") == 1
    assert {name: row["password"] for name, row in table(machine).items()} == machine.shadow.passwords
    assert set(machine.shadow.passwords) == {"grace", "lisa", "max.muster"}
    assert "everyone in the file has an account" in said(CLASS)


def test_all_passwords_are_set_in_one_pass_with_pams_own_hash(machine, said):
    machine.put("/etc/pam.d/common-password", "password [success=1 default=ignore] pam_unix.so obscure yescrypt\n")
    said(CLASS)
    assert [one for one in machine.commands if "chpasswd" in one] == ["chpasswd --crypt-method YESCRYPT"]


def test_a_chpasswd_that_does_not_know_the_hash_asks_pam(machine, said):
    machine.answers["chpasswd --crypt-method"] = (3, "", "unsupported crypt method: SHA512\n")
    said(CLASS)
    assert set(machine.shadow.passwords) == {"grace", "lisa", "max.muster"}


def test_another_file_after_a_kill_does_not_lose_the_first(machine, said):
    machine.answers["chpasswd"] = lambda *_: (1, "", "killed")
    with pytest.raises(UserError):
        said(CLASS)
    machine.answers["chpasswd"] = machine.shadow
    said("emmy\n")
    assert set(machine.shadow.passwords) == {"grace", "lisa", "max.muster", "emmy"}


@pytest.fixture
def inviting(machine):
    machine.put(layout.ACCOUNTS_KEY, "0" * 64)
    return machine


def test_with_links_instead_of_passwords(inviting, said):
    people = "name;full name;password\ngrace;;given-1959\nlisa;Lisa <Meitner>\nmax.muster\neve;Eve\n"
    told = said(people, "--invite", "--days", "3")
    assert "The passwords of the file are not used" in told
    assert "4 accounts can log in once the link is used, until 20" in told
    assert inviting.shadow.passwords == {}
    rows = table(inviting)
    assert list(rows) == ["grace", "lisa", "max.muster", "eve"]
    assert list(rows["grace"]) == ["name", "full name", "email", "link", "address"]
    folder = inviting.path(layout.LINKS)
    for name, row in rows.items():
        begin, _, token = row["link"].partition("?token=")
        assert begin == "https://203.0.113.7/hub/first-password"
        assert links.find(folder, token).name == name
        assert token not in told
    page = sheet(inviting, "html")
    assert page.count("<svg") == page.count("<section>") == 4
    assert "Lisa &lt;Meitner&gt;" in page
    assert all(html.escape(row["link"]) in page for row in rows.values())
    assert "http" not in re.sub(r"https://203[.]0[.]113[.]7/", "", page), "nothing from elsewhere"


def test_an_import_with_links_that_was_killed_goes_on_with_the_same_links(inviting, said, monkeypatch):
    """And gives no new one to who has used it meanwhile."""
    give = importing.invitations.give

    def killed(*arguments):
        give(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(importing.invitations, "give", killed)
    with pytest.raises(KeyboardInterrupt):
        said("grace\nlisa\n", "--invite")
    before = {name: row["link"] for name, row in table(inviting).items()}
    inviting.shadow.chpasswd([], "grace:set-by-link\n")
    links.forget(inviting.path(layout.LINKS), "grace")
    monkeypatch.setattr(importing.invitations, "give", give)
    told = said("grace\nlisa\n", "--invite")
    assert "goes on first" in told
    assert {name: row["link"] for name, row in table(inviting).items()} == before
    assert links.pending(inviting.path(layout.LINKS)).keys() == {"lisa"}


def test_who_was_removed_comes_back_by_a_link(inviting, said):
    hubinstall(inviting, "add", "grace")
    hubinstall(inviting, "remove", "grace")
    said("grace\n", "--invite")
    assert inviting.line("grace")[1] == "!"
    assert inviting.line("grace")[7] == ""
    assert links.pending(inviting.path(layout.LINKS)).keys() == {"grace"}
