"""`environment.image`: an image by name, from a registry on the machine that our own default image was pushed to."""

import contextlib
import json
import re
from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from hubinstall.verify.client.errors import HubError

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

REGISTRY = "127.0.0.1:5001"
NAME = f"{REGISTRY}/course/statistics:2026"
CONFIG = f"""version: 0.1
storage: {{filesystem: {{rootdirectory: /srv/registry}}}}
http: {{addr: "{REGISTRY}"}}
"""
UP = f"for i in $(seq 1800); do curl -sf http://{REGISTRY}/v2/ >/dev/null && exit; sleep 0.1; done; exit 1"
# The image that a name means changes: a label more, and the same name again.
PUSH_ANOTHER = f"""set -e
container=$(docker create {NAME})
docker commit --change 'LABEL course=second' "$container" {NAME}-second
docker rm "$container"
docker tag {NAME}-second {NAME}
docker push -q {NAME}
docker image rm {NAME} {NAME}-second"""


@contextlib.contextmanager
def registry(machine: Machine) -> Iterator[None]:
    """A registry that answers within the block, and not after it."""
    with machine.background("exec docker-registry serve /root/registry.yml >/root/registry.log 2>&1"):
        machine.run(UP)
        yield
    machine.run(f"pkill -x docker-registry; ! curl -sf http://{REGISTRY}/v2/")


@pytest.fixture(scope="module")
def course(installed_machine: Machine) -> Machine:
    """The installed machine, with the default image in a registry under the name of a course."""
    machine = installed_machine
    machine.run("apt-get update -q && apt-get install -qy --no-install-recommends docker-registry", timeout=600)
    machine.run("systemctl disable -q --now docker-registry 2>/dev/null || pkill -x docker-registry || true")
    machine.write("/root/registry.yml", CONFIG)
    with registry(machine):
        ours = machine.run("docker image ls --format '{{.Repository}}:{{.Tag}}' hubinstall/default").out.split()[0]
        machine.run(f"docker tag {ours} {NAME} && docker push -q {NAME} && docker image rm {NAME}")
    return machine


def pin(machine: Machine) -> dict[str, str]:
    """The note of the one image that is pinned."""
    found: dict[str, str] = json.loads(machine.run("cat /var/lib/hubinstall/images/*.json").out)
    return found


def changed(machine: Machine, *flags: str) -> str:
    """What apply says."""
    done = machine.run(["hubinstall", "apply", *flags])
    return done.out + done.err


def test_a_name_that_means_nothing_is_said_and_all_is_put_back(course: Machine) -> None:
    config, starts = course.read("/etc/hubinstall/config.yaml"), installed.starts(course)
    with registry(course):
        wrong = f"{REGISTRY}/course/statistic:2026"
        done = course.run(["hubinstall", "apply", "--image", wrong], check=False)
    assert done.code == 1
    said = done.out + done.err
    assert f"the image {wrong} could not be pulled" in said
    assert "environment.image" in said
    assert "back as it was" in said
    assert "Traceback" not in said
    assert course.read("/etc/hubinstall/config.yaml") == config
    assert installed.starts(course) == starts
    assert installed.plan(course) == []


def test_it_is_pulled_once_and_pinned_by_its_digest(course: Machine) -> None:
    with registry(course):
        changed(course, "--image", NAME)
    assert re.fullmatch(rf"{REGISTRY}/course/statistics@sha256:[0-9a-f]{{64}}", pin(course)["digest"])
    assert f"image: {NAME}" in course.read("/etc/hubinstall/config.yaml")
    assert course.run("docker image ls -q hubinstall/default").out == "", "what is no longer wished has gone"


def test_people_get_it(course: Machine) -> None:
    with installed.client(course) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server()
        assert grace.run_cell("print(6 * 7)") == "42\n"
        image = course.run(["docker", "inspect", "--format", "{{.Image}}", installed.container("grace")]).out.strip()
        assert image == pin(course)["id"]
        grace.stop_server()


def test_its_static_files_come_from_nginx(course: Machine) -> None:
    folder = "/opt/hubinstall/server-static/files/static/lab"
    [name] = course.run(f"cd -P {folder} && ls main.*.js").out.split()
    asked = f"{installed.url(course)}user/nobody/static/lab/{name}"
    answer = course.run(["curl", "-sk", "-D", "-", "-o", "/dev/null", asked]).out
    assert "immutable" in answer, answer
    trees = course.run("ls -d /opt/hubinstall/trees/server-static-*").out.split()
    assert trees == [course.run("readlink -f /opt/hubinstall/server-static").out.strip()], "those of before have gone"


def test_without_the_registry_a_second_apply_changes_nothing(course: Machine) -> None:
    starts = installed.starts(course)
    with course.offline():
        assert "nothing changed" in changed(course)
    assert installed.starts(course) == starts


def test_a_new_image_under_the_name_changes_nothing(course: Machine) -> None:
    pinned = pin(course)
    with registry(course):
        course.run(f"docker pull -q {NAME}")
        course.run(PUSH_ANOTHER)
        assert "nothing changed" in changed(course)
    assert pin(course) == pinned


def test_a_lost_image_is_pulled_again_as_it_was(course: Machine) -> None:
    pinned = pin(course)
    course.run("docker image rm -f $(docker image ls -q --no-trunc hubinstall/pulled)")
    course.run("docker image prune -af")
    assert [change["id"] for change in installed.plan(course)] == [f"pulled-image:{NAME}"]
    with registry(course):
        changed(course)
    assert pin(course) == pinned
    assert course.run("docker image ls -q --no-trunc hubinstall/pulled").out.strip() == pinned["id"]
    assert installed.plan(course) == []


BELOW = f"{REGISTRY}/course/"
# One that a person may name, and one that starts no server.
PUSH_MORE = f"""set -e
push() {{
    container=$(docker create {NAME})
    docker commit --change "$1" "$container" {BELOW}$2
    docker rm "$container"
    docker push -q {BELOW}$2
    docker image rm {BELOW}$2
}}
push 'LABEL course=own' own:1
push 'CMD ["jupyterhub-singleuser-is-not-here"]' broken:1"""
OWN = {
    "display_name": "An image of your own",
    "profile_options": {
        "image": {
            "choices": {"usual": {"display_name": "The usual one"}},
            "unlisted_choice": {"enabled": True, "display_name": "Another", "overrides": {"image": "{value}"}},
        }
    },
}
FORGED = ("../own:1", "own:1 ", "OWN:1", "own:1@sha256:1", "", "/own:1", "own:1\n")


def named(image: str) -> dict[str, str]:
    return {"profile": "own", "image--unlisted-choice": image}


def test_a_person_names_an_image_and_only_one_below_the_prefix(course: Machine) -> None:
    profiles = json.dumps([{"display_name": "Usual"}, {"slug": "own", **OWN}])
    words = ["spawner.allow.images", json.dumps([BELOW]), "profiles", profiles]
    with registry(course), installed.client(course) as grace, installed.client(course) as ada:
        course.run(PUSH_MORE)
        course.run(["hubinstall", "config", "set", *words, "--apply"])
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        others = ("debian:12", pin(course)["id"], "hubinstall/default:1", f"{REGISTRY}/other/own:1")
        url = f"hub/api/users/{installed.PERSON}/server"
        for image in (*(f"{BELOW}{name}" for name in FORGED), *others):
            for who in (grace, ada):
                assert who.fetch("POST", url, step="forged", json=named(image)).status_code == 400, image
        assert course.run(f"docker ps -aq -f label=hubinstall.user={installed.PERSON}").out == ""
        grace.start_server(options=named(f"{BELOW}own:1"))
        assert grace.run_cell("print(6 * 7)") == "42\n"
        inspected = ["docker", "inspect", "--format", "{{.Config.Image}} {{.Config.Labels.course}}"]
        assert course.run([*inspected, installed.container("grace")]).out.split() == [f"{BELOW}own:1", "own"]
        grace.stop_server()
        for name, said in (("broken:1", "does not start a server"), ("own:2", "could not be pulled")):
            with pytest.raises(HubError, match=said):
                grace.start_server(options=named(f"{BELOW}{name}"))
    with installed.client(course) as grace:
        grace.login(installed.PERSON, installed.PERSON_PASSWORD)
        grace.start_server(options=named(f"{BELOW}own:1"))
        grace.stop_server()
