"""A course by one command: its people, its material, handing in, its address, and its end."""

import io
import json
import time
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from harness import installed, loads
from harness.browser import chromium
from harness.cells import TRIED
from harness.machine import Machine
from harness.waiting import soon
from hubinstall import layout
from hubinstall.verify.client.hub import HubClient

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

CLASS = "name;full name;email;group;password\nemmy;;;;noether-1918\nsofja;;;;partial-1874\nhedy;;;;lamarr-1942\n"
ADD = (
    "hubinstall course add stats-101 --teacher grace --students class.csv --title 'Statistics: 101' --environment stats"
)
SECONDS = 120


@pytest.fixture(scope="module")
def course(installed_machine: Machine) -> Machine:
    machine = installed_machine
    machine.write("/root/class.csv", CLASS.encode())
    machine.run("sed -i '1i # kept' /etc/hubinstall/config.yaml")
    refused = machine.run(f"cd /root && {ADD}", check=False)
    assert "hubinstall environment add --environment stats PACKAGE" in refused.err, refused
    assert "stats-101" not in machine.read("/etc/group")
    machine.run("hubinstall config set environments.stats.title Statistics")
    added = machine.run(f"cd /root && {ADD}")
    assert "3 accounts joined the group stats-101: emmy, hedy, sofja" in added.err, added
    assert f"{installed.url(machine)}course/stats-101" in added.err
    return machine


@pytest.fixture(scope="module")
def grace(course: Machine) -> Iterator[HubClient]:
    """The teacher, who has written a lesson in her server."""
    with installed.client(course) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        course.run("gpasswd --delete grace stats-101-teachers")
        client.start_server()
        status, _, text = opened(client)
        assert (status, "was started before" in text) == (409, True)
        course.run("hubinstall apply --quiet")  # she is in its group again
        client.stop_server()
        client.start_server()
        assert client.run_cell("print(open('stats-101/lesson.txt', 'w').write('mean'))") == "4\n"
        yield client


def test_a_second_time_there_is_nothing_to_do(course: Machine) -> None:
    text, before = course.read(installed.CONFIG), installed.starts(course)
    assert text.startswith("# kept\n")
    assert 'courses:\n  stats-101: {title: "Statistics: 101", teachers: [grace], environment: stats}\n' in text
    again = course.run(f"cd /root && {ADD}")
    assert "stats-101 is there already, with 3 students" in again.err
    assert "joined" not in again.err
    assert course.read(installed.CONFIG) == text
    assert installed.starts(course) == before
    assert installed.plan(course) == []


def started_with(machine: Machine, name: str) -> str:
    """The profile that the broker has admitted for a person's server, which says its environment."""
    label = f'{{{{index .Config.Labels "{layout.CHOICE_LABEL}"}}}}'
    found = machine.run(f"docker inspect --format '{label}' $(docker ps -q --filter label={layout.USER_LABEL}={name})")
    profile: str = json.loads(found.out)["profile"]
    return profile


def opened(client: HubClient, path: str = "course/stats-101") -> tuple[int, str, str]:
    """Status, last URL and text of a page, when a server that it starts is up."""
    end = time.monotonic() + SECONDS
    while True:
        page = client.request("GET", path, step="page")
        if "spawn-pending" not in page.url.path or time.monotonic() > end:
            return page.status_code, page.url.path, page.text
        time.sleep(0.5)


def test_from_the_address_to_the_material_and_back_to_the_teacher(course: Machine, grace: HubClient) -> None:
    with installed.client(course) as emmy, installed.client(course) as sofja:
        assert opened(emmy)[1].endswith("/hub/login")
        for client, name, password in ((emmy, "emmy", "noether-1918"), (sofja, "sofja", "partial-1874")):
            client.login(name, password)
            status, path, _ = opened(client)
            assert (status, path.partition("/user/")[2]) == (200, f"{name}/lab/tree/stats-101")
        assert [started_with(course, name) for name in ("emmy", "grace")] == ["stats-101"] * 2
        assert emmy.run_cell("print(open('stats-101/lesson.txt').read())") == "mean\n"
        writes = f"{TRIED}print(tried(lambda: open('stats-101/mine.txt', 'w')))"
        assert emmy.run_cell(writes) == "Read-only file system\n"
        hands_in = "import shutil; open('a.txt', 'w').write('42'); shutil.copy('a.txt', 'stats-101-hand-in/emmy.txt')"
        emmy.run_cell(hands_in)
        looks = (
            "print(tried(lambda: os.listdir('stats-101-hand-in')), tried(lambda: open('stats-101-hand-in/emmy.txt')))"
        )
        assert sofja.run_cell(f"{TRIED}{looks}") == "Permission denied Permission denied\n"
    assert grace.run_cell("print(open('stats-101-hand-in/emmy.txt').read())") == "42\n"
    assert grace.run_cell(f"{TRIED}print(tried(lambda: open('stats-101-hand-in/emmy.txt', 'w')))") != "None\n"


def test_material_is_handed_out_and_what_was_handed_in_is_collected(course: Machine, grace: HubClient) -> None:
    """Emmy has handed in; sofja tries to have the machine's secrets collected for her."""
    course.run("mkdir -m 700 /root/week1 && echo 'Question 1' >/root/week1/questions.txt && chmod 600 /root/week1/*")
    course.run("ln -s /etc/shadow /root/week1/link")
    told = course.run("umask 077; hubinstall course hand-out stats-101 /root/week1").err
    assert "/srv/data/stats-101/week1: 1 new" in told
    assert "link is a link" in told
    assert "1 the same already" in course.run("hubinstall course hand-out stats-101 /root/week1").err
    as_emmy = "setpriv --reuid=emmy --regid=emmy --init-groups -- "
    assert course.run(f"{as_emmy}cat /srv/data/stats-101/week1/questions.txt").out == "Question 1\n"
    assert course.run(f"{as_emmy}sh -c 'echo >>/srv/data/stats-101/week1/questions.txt'", check=False).code
    assert grace.run_cell("print(open('stats-101/week1/questions.txt', 'a').write('?'))") == "1\n"
    course.run("setpriv --reuid=sofja --regid=sofja --init-groups -- ln -s /etc/shadow /srv/data/stats-101-hand-in/x")
    done = course.run("umask 077; hubinstall course collect stats-101")
    path = done.out.strip()
    assert "1 person handed in: emmy" in done.err
    assert "nothing from: hedy, sofja" in done.err
    assert course.run(f"cd {path} && find . -type f | sort").out.split() == ["./emmy/emmy.txt", "./hand-in.csv"]
    mode = course.run(f"stat -c '%a %U %G' {path} {path}/emmy {path}/emmy/emmy.txt {path}/hand-in.csv").out.splitlines()
    assert mode == [f"{bits} root stats-101-teachers" for bits in ("2750", "750", "640", "640")]
    seen = grace.run_cell(f"print(open('{path.replace('/srv/data/', '')}/emmy/emmy.txt').read())")
    assert seen == "42\n"
    assert course.run(f"{as_emmy}ls {path}", check=False).code


def lab(browser: Browser, machine: Machine, name: str, password: str) -> Page:
    context = browser.new_context(base_url=f"https://{machine.address}")
    context.set_default_timeout(60_000)
    loads.log_in(context, name, password)
    page = context.new_page()
    page.goto(f"/user/{name}/lab?reset")
    return page


def press(page: Page, button: str) -> str:
    """What JupyterLab says when it is done."""
    page.locator(".hubinstall-courses").get_by_role("button", name=button, exact=True).click()
    dialog = page.locator(".jp-Dialog").last
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_contain_text(f"{button}: done")
    said = dialog.inner_text()
    dialog.get_by_role("button", name="Ok").click()
    return said


def test_by_a_button_students_hand_in_and_teachers_hand_out_and_collect(course: Machine, grace: HubClient) -> None:
    """Hedy is in sofja's way, and sofja asks her own server for what only teachers do."""
    course.run("setpriv --reuid=hedy --regid=hedy --init-groups -- mkdir /srv/data/stats-101-hand-in/sofja")
    with installed.client(course) as sofja:
        sofja.login("sofja", "partial-1874")
        sofja.start_server()
        sofja.open_server()
        sofja.run_cell("import os; os.mkdir('work'); open('work/answer.txt', 'w').write('43')")
        address = "user/sofja/hubinstall/courses/{}"
        for forged in ("stats-101/collect", "stats-101/hand-out", "another/hand-in"):
            asked = sofja.fetch("POST", address.format(forged), step="forged", json={"path": "work"})
            assert asked.status_code == 404, asked.text
    with chromium([loads.trusting(course)]) as browser:
        page = lab(browser, course, "sofja", "partial-1874")
        expect(page.locator(".hubinstall-courses")).to_have_text("Hand in")
        page.locator(".jp-DirListing-item", has_text="work").click()
        said = press(page, "Hand in")
        assert "You have handed in work to Statistics: 101: 1 file, 2 bytes." in said
        assert "sofja-2/" in said
        page.context.close()
        grace.run_cell("import os; os.mkdir('week2'); open('week2/task.txt', 'w').write('?')")
        page = lab(browser, course, installed.PERSON, installed.PERSON_PASSWORD)
        expect(page.locator(".hubinstall-courses")).to_have_text("Hand outCollect")
        page.locator(".jp-DirListing-item", has_text="week2").click()
        assert "week2 is in the material of Statistics: 101: 1 file." in press(page, "Hand out")
        said = press(page, "Collect")
    assert "emmy: 1 file." in said
    assert "sofja: 1 file. Left out: x is a link." in said
    reads = (
        "import glob; print(*(open(one).read() for one in glob.glob('collected/stats-101/*/sofja/sofja-2/*/work/*')))"
    )
    assert grace.run_cell(reads) == "43\n"
    as_emmy = "setpriv --reuid=emmy --regid=emmy --init-groups -- "
    assert course.run(f"{as_emmy}cat /srv/data/stats-101/week2/task.txt").out == "?"
    assert course.run(f"{as_emmy}sh -c 'ls /srv/data/stats-101-hand-in/sofja-2'", check=False).code


def test_others_are_told_whom_to_ask_and_nothing_about_members(course: Machine, grace: HubClient) -> None:
    with installed.client(course) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        status, _, text = opened(ada)
        assert (status, "To get in, ask grace." in text) == (403, True)
        assert not any(name in text for name in ("emmy", "sofja", "hedy"))
        status, _, text = opened(ada, "course/another")
        assert (status, "There is no course at this address" in text) == (404, True)
        ada.start_server()
        tries = "print(os.path.lexists('stats-101'), tried(lambda: os.listdir('/srv/data/stats-101')),"
        tries += " tried(lambda: open('/srv/data/stats-101-hand-in/x', 'w')))"
        assert ada.run_cell(f"{TRIED}{tries}") == "False Permission denied Permission denied\n"
        pages = {client: client.request("GET", f"user/{name}/lab", step="page").text
                 for client, name in ((ada, installed.ADMIN), (grace, installed.PERSON))}  # fmt: skip
        assert ["hubinstallCourses" in text for text in pages.values()] == [False, True]


def test_the_end_of_a_course_keeps_people_and_files(course: Machine, grace: HubClient) -> None:
    refused = course.run("hubinstall course remove stats-101 </dev/null", check=False)
    assert (refused.code, "hubinstall course remove stats-101 --yes" in refused.err) == (2, True)
    course.run("mkdir -m 700 /root/kept")
    done = course.run("hubinstall course remove stats-101 --yes --archive /root/kept")
    assert f"{installed.url(course)}course/stats-101" in done.err.partition("can fetch what they handed in")[2]
    listed = course.run(f"ls {done.out.strip()}; python3 -m zipfile -l {done.out.strip()}/emmy.zip").out.split()
    assert listed[:3] == ["emmy.zip", "hand-in.csv", "sofja.zip"]
    assert "stats-101" not in course.read(installed.CONFIG)
    assert course.read("/srv/data/stats-101-hand-in/emmy.txt") == "42"
    assert course.run("id emmy && ls -d /home/emmy").code == 0
    assert not course.exists("/home/emmy/stats-101")
    assert installed.plan(course) == []


def fetched(client: HubClient, path: str) -> set[str] | int:
    """The names of the files in an archive, or the status of the refusal."""
    answer = client.fetch("GET", path, step="archive")
    if answer.headers.get("content-type") != "application/zip":
        return answer.status_code
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return set(archive.namelist())


def test_each_can_fetch_the_own_files_for_a_while_and_nobody_else_can(course: Machine, grace: HubClient) -> None:
    own, material = (f"hub/course/stats-101/files/{which}.zip" for which in ("own", "material"))
    with installed.client(course) as emmy, installed.client(course) as sofja, installed.client(course) as ada:
        assert fetched(emmy, own) in {200, 302}, "the login comes first"
        emmy.login("emmy", "noether-1918")
        sofja.login("sofja", "partial-1874")
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        status, path, text = opened(emmy)
        assert (status, path.rpartition("/hub/")[2], f"/{own}" in text) == (200, "home", True)
        assert fetched(emmy, own) == {"emmy.txt"}
        found = fetched(sofja, own)
        assert isinstance(found, set)
        assert {name.partition("/")[0] for name in found} == {"sofja-2"}
        shown = {"lesson.txt", "week1/questions.txt", "week2/task.txt"}
        assert [fetched(client, material) for client in (emmy, grace)] == [shown, shown]
        assert [fetched(client, own) for client in (ada, grace)] == [404, 404]
        assert (fetched(ada, material), opened(ada)[0]) == (404, 404)
        number = course.run("id -u sofja").out.strip()
        [folder] = course.run("ls /var/lib/hubinstall/hub/ended-courses").out.split()
        tricks = (f"stats-101/files/{number}.zip", f"stats-101/files/..%2F{number}.zip", "..%2F..%2Fhub/files/own.zip")
        for trick in (
            *tricks,
            f"{folder}/files/own.zip",
            f".%2Fstats-101/files/own.zip?uid={number}",
            "*/files/own.zip",
        ):
            assert fetched(emmy, f"hub/course/{trick}") == 404, trick
        kept = f"/var/lib/hubinstall/hub/ended-courses/{folder}"
        assert course.run(f"stat -c '%a %U' {kept}").out.strip() == "700 jupyterhub"
        course.run(f'sed -Ei \'s/"until": [0-9.]+/"until": 1/\' {kept}/course.json')
        assert [fetched(emmy, path) for path in (own, material)] == [404, 404]
        course.run("hubinstall restart jupyterhub")
        assert soon(lambda: not course.exists(kept))
        assert opened(emmy)[0] == 404
