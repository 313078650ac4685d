"""Shares: added to the running system, a group's, a drop-box, and one on a file server that is away."""

import threading
import time
from collections.abc import Iterator

import pytest

from harness import inside, installed
from harness.machine import Machine
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

SECONDS = 240
"""For a command or a start, on however busy a machine, while a file server does not answer: it never does."""
REFUSED = "try: open('course/two.txt', 'w')\nexcept OSError as e: print(e.strerror)"


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    """Her server was started before the share was added."""
    with installed.client(installed_machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        installed_machine.run("hubinstall config set shares.course '{access: read-only}' --apply")
        installed_machine.run("echo lesson one >/srv/data/course/one.txt")
        yield client


def test_a_share_needs_no_restart_and_is_not_writable(installed_machine: Machine, grace: HubClient) -> None:
    assert grace.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"
    assert grace.run_cell(REFUSED) == "Read-only file system\n"
    assert not installed_machine.exists("/srv/data/course/two.txt")


def test_an_account_made_later_has_the_link_and_can_log_in(installed_machine: Machine, grace: HubClient) -> None:
    assert grace
    installed.add_person(installed_machine, "joan", "spacecraft-1961")
    assert installed_machine.run("readlink /home/joan/course").out == "/srv/data/course\n"
    with installed.client(installed_machine) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.start_server()
        assert joan.run_cell("print(open('course/one.txt').read())") == "lesson one\n\n"


def test_a_group_share_is_writable_for_its_members_only(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("hubinstall config set shares.project '{access: {group: team}}' --apply")
    machine.run(["usermod", "-aG", "team", "grace"])  # the group was made
    grace.stop_server()
    grace.start_server()
    grace.run_cell("open('project/plan.txt', 'w').write('p')")
    assert machine.run("stat -c '%U %G' /srv/data/project/plan.txt").out == "grace team\n"
    with installed.client(machine) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        assert ada.run_cell("print(open('/srv/data/project/plan.txt').read())") == "p\n"
        refused = "try: open('project/x', 'w')\nexcept OSError as e: print(e.strerror)"
        assert ada.run_cell(refused) == "Read-only file system\n"
    assert grace.run_cell(REFUSED) == "Read-only file system\n"


def test_members_need_no_restart_of_anything_and_what_they_write_is_the_groups(
    installed_machine: Machine, grace: HubClient
) -> None:
    machine = installed_machine
    before = installed.starts(machine)
    machine.run("usermod -aG team joan")
    with installed.client(machine) as joan:
        joan.login("joan", "spacecraft-1961")
        joan.stop_server()
        joan.start_server()
        assert joan.run_cell("open('project/plan.txt', 'a').write(', q')") == "3\n"
        made = "import os; os.umask(0o077); os.mkdir('project/joans'); open('project/joans/own', 'w').write('j')"
        assert joan.run_cell(made) == "1\n"
        joan.stop_server()
    assert grace.run_cell("print(open('project/plan.txt').read())") == "p, q\n"
    assert grace.run_cell("open('project/joans/own', 'a').write('g')") == "1\n"
    assert installed.starts(machine) == before


COPY = """
import os, shutil, time
open('answer', 'w').write('42')
for number in range(60):
    shutil.copy('answer', f'handin/answer-{number}'); os.chmod(f'handin/answer-{number}', 0o666)
    time.sleep(0.05)
print(open('handin/answer-0').read())
"""
GUESS = """
import os, time
read, last = 0, None
while last is None or time.monotonic() < last + 1:
    if last is None and os.path.exists('handin/answer-59'): last = time.monotonic()
    for number in range(60):
        try: read += len(open(f'handin/answer-{number}').read())
        except OSError: pass
print(read)
for attempt in ("os.listdir('handin')", "open('handin/answer-0', 'w')", "os.listdir('/srv/data/exams')",
                "os.remove('handin/answer-0')", "os.rename('handin/answer-0', 'handin/mine')"):
    try: print(eval(attempt))
    except OSError as error: print(error.strerror)
"""
AT_ONCE = """
seq 60 | xargs -P 60 -I N setpriv --reuid=70N --regid=70N --clear-groups -- sh -c 'echo N > /srv/data/handin/of-N'
ls /srv/data/handin/of-* | wc -l; cat /srv/data/handin/of-* | sort -n | tail -1
stat -c %a /srv/data/handin/of-* | sort -u
"""


def test_nobody_reads_what_others_put_into_a_drop_box_or_what_is_for_a_group(
    installed_machine: Machine, grace: HubClient
) -> None:
    """Joan is the teacher; ada is an administrator of the hub, which makes no difference."""
    machine = installed_machine
    machine.run("groupadd readers; usermod -aG readers joan")
    handin, exams = "shares.handin '{access: drop-box, readers: readers}'", "shares.exams '{readers: readers}'"
    machine.run(f"hubinstall config set {handin} {exams} --apply")
    machine.run("umask 077; echo questions >/srv/data/exams/june; rm /home/joan/exams")
    assert machine.run(AT_ONCE).out.split() == ["60", "60", "640"]
    with installed.client(machine) as ada, installed.client(machine) as joan:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        joan.login("joan", "spacecraft-1961")
        for client in (ada, joan, grace):
            client.stop_server()
            client.start_server()
        putting = threading.Thread(target=ada.run_cell, args=(COPY,))
        putting.start()
        seen = grace.run_cell(GUESS)
        putting.join()
        refusals = ["Permission denied"] * 3 + ["Operation not permitted"] * 2
        assert seen.splitlines() == ["0", *refusals], seen
        assert joan.run_cell("print(open('handin/answer-0').read(), open('exams/june').read())") == "42 questions\n\n"
        assert ada.run_cell("import os; print(os.path.lexists('exams'), open('handin/answer-0', 'w').write('43'))") == (
            "False 2\n"
        )
    assert not machine.exists("/etc/skel/exams")
    assert installed.plan(machine) == []


def test_a_file_server_that_is_away_delays_nothing(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.write("/root/silent.py", inside.SILENT.read_bytes())
    machine.run("mkdir -p /mnt/away /mnt/there; echo kept >/mnt/there/file")
    with machine.background(["python3", "/root/silent.py", "/mnt/away", "read"]) as away:
        assert away.stdout
        assert away.stdout.readline() == b"away\n"
        paths = "shares.away '{path: /mnt/away, access: {group: team}}' shares.there.path /mnt/there"
        applied = machine.run(f"hubinstall config set {paths} --apply", timeout=SECONDS)
        assert "/mnt/away, to which /srv/data/away leads, does not answer" in applied.err
        status = machine.run("hubinstall status", check=False, timeout=SECONDS)
        assert "/mnt/away does not answer" in status.out
        assert machine.run("hubinstall plan", timeout=SECONDS).code == 0
        for _ in range(2):
            grace.stop_server()
            begun = time.monotonic()
            grace.start_server()
            assert time.monotonic() - begun < SECONDS
        assert grace.run_cell("print(open('there/file').read(), open('project/plan.txt').read())") == "kept\n p, q\n"
        refused = "try: open('there/x', 'w')\nexcept OSError as e: print(e.strerror)"
        assert grace.run_cell(refused) == "Read-only file system\n"
    machine.run("umount -l /mnt/away; hubinstall apply")
    assert machine.run("stat -c '%a %G' /mnt/away").out == "2775 team\n"
    grace.stop_server()
    grace.start_server()
    assert grace.run_cell("print(open('away/back', 'w').write('1'))") == "1\n"
    machine.run("hubinstall config unset shares.away; hubinstall config unset shares.there --apply")
    assert machine.read("/mnt/there/file") == "kept\n"
    left = ("/srv/data/away", "/srv/data/there", "/etc/skel/there", "/home/grace/there")
    assert not any(machine.exists(path) for path in left)


def test_a_share_taken_out_leaves_its_files_and_no_links(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("hubinstall config unset shares.course --apply")
    assert machine.read("/srv/data/course/one.txt") == "lesson one\n"
    assert not any(machine.exists(f"{home}/course") for home in ("/etc/skel", "/home/grace", "/home/joan", "/home/ada"))
    assert grace.run_cell("import os; print(os.path.lexists('course'))") == "False\n"
