"""Images that a person names: hub and broker each admit what is below a prefix of the file, and no forgery."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from hubinstall import layout
from hubinstall.broker import calls, images
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.wire import Request
from hubinstall.hubside import named_images, profiles
from hubinstall.hubside.profiles import NoChoiceError
from hubinstall.settings.model import Settings
from unit.broker.test_calls import POLICY, create, described

BELOW = "registry.example.org/course/"
DIGEST = f"sha256:{'a' * 64}"
OWN = {"enabled": True, "overrides": {"image": "{value}"}}
FILE = {
    "spawner": {"allow": {"images": [BELOW, "localhost:5000/"]}},
    "profiles": [
        {"display_name": "Small"},
        {"display_name": "Own", "profile_options": {
            "image": {"choices": {"usual": {"display_name": "Usual"}}, "unlisted_choice": OWN},
        }},
    ],
}  # fmt: skip


def offered(file):
    settings = Settings.model_validate(file)
    return profiles.parse(one.described(settings.spawner.allow.images) for one in settings.profiles)


OFFERED = offered(FILE)
WITH = replace(POLICY, profiles=OFFERED)
GOOD = (
    f"{BELOW}x", f"{BELOW}x:tag", f"{BELOW}x:V1.0_a-b", f"{BELOW}x@{DIGEST}", f"{BELOW}deep/er/x:1", f"{BELOW}a-b__c.d",
    "localhost:5000/x:1",
)  # fmt: skip
FORGED = (
    "", " ", BELOW, BELOW.rstrip("/"), f"{BELOW}../x", f"{BELOW}./x", f"{BELOW}x/../../../library/debian", f"{BELOW}/x",
    f"{BELOW}x/", f"{BELOW}x:", f"{BELOW}x:a:b", f"{BELOW}x@", f"{BELOW}x@sha256:abc", f"{BELOW}x@{DIGEST.upper()}",
    f"{BELOW}x@sha512:{'a' * 64}", f"{BELOW}x:tag@{DIGEST}", f"{BELOW}x@{DIGEST}@{DIGEST}", f"{BELOW}X", f"{BELOW}x ",
    f" {BELOW}x", f"{BELOW}x\n", f"{BELOW}x\r", f"{BELOW}x\t:1", f"{BELOW}x\x00", f"{BELOW}x\u00a0", f"{BELOW}\u0445",
    f"{BELOW}x\u200b", f"{BELOW}\u0661", f"{BELOW}x\uff1a1", f"{BELOW}%2e%2e/x", f"{BELOW}x%00", f"{BELOW}x?a=b",
    f"{BELOW}x#a", f"{BELOW}x;id", f"{BELOW}$(id)", f"{BELOW}-x", f"{BELOW}.x", f"{BELOW}_x", f"{BELOW}a..b",
    f"{BELOW}a___b", f"{BELOW}x:-tag", f"{BELOW}x:.tag", f"{BELOW}x:{'t' * 129}", f"{BELOW}{'x' * 300}", "x", "debian",
    "course/x", "docker.io/course/x", "library/debian:12", "registry.example.org/courses/x", "registry.example.org/x",
    "registry.example.org.evil.net/course/x", "evil.net/registry.example.org/course/x", "REGISTRY.example.org/course/x",
    "registry.example.org:443/course/x", "registry.example.org:80@evil.net/course/x",
    "registry.example.org@evil.net/course/x", "user@registry.example.org/course/x", "registry.example.org./course/x",
    "registryXexample.org/course/x", "registry.example.org\\course/x", "//registry.example.org/course/x",
    "https://registry.example.org/course/x", "http:registry.example.org/course/x", DIGEST, "a" * 64, "a" * 12,
    "hubinstall/default/stats:abc", "hubinstall/pulled:abc", "localhost/x", "localhost:5001/x", "localhost:5000",
    "localhost:50000/x", "127.0.0.1:5000/x", "[::1]:5000/x",
)  # fmt: skip
WRITTEN = f"image{profiles.UNLISTED}"

pytestmark = pytest.mark.usefixtures("ada_alone")


class Engine:
    """Docker without any image, on a disk with room."""

    def ask(self, path, _query=None):
        return {"DockerRootDir": "/"} if path == "/info" else None


def server(image, options):
    labels = described()["Labels"] | ({} if options is None else {layout.CHOICE_LABEL: json.dumps(options)})
    return described() | {"Image": image, "Labels": labels}


def pulled(image, policy=WITH):
    repository, tag = named_images.parted(image)
    query = {"fromImage": repository, "tag": tag}
    return calls.call(policy, Engine(), Request("POST", "/images/create", query, {}, b""))


@pytest.mark.parametrize("image", GOOD)
def test_an_image_below_a_prefix_is_looked_for_pulled_and_run(image):
    assert profiles.choose(OFFERED, {"profile": "own", WRITTEN: image}).gives.image == image
    assert create(server(image, {"profile": "own", WRITTEN: image}), WITH).body["Image"] == image
    assert calls.call(WITH, Engine(), Request("GET", f"/images/{image}/json", {}, {}, b"")).path.endswith("/json")
    query = pulled(image).query
    whole = f"{query['fromImage']}{'@' if '@' in image else ':'}{query['tag']}"
    assert whole in {image, f"{image}:latest"}


@pytest.mark.parametrize("image", FORGED)
def test_a_forged_name_is_refused_by_hub_and_broker(image):
    with pytest.raises(NoChoiceError):
        profiles.choose(OFFERED, {"profile": "own", WRITTEN: image})
    for options in ({"profile": "own", WRITTEN: image}, {"profile": "own", WRITTEN: GOOD[0]}, {"profile": "own"}):
        with pytest.raises(RefusedError):
            create(server(image, options), WITH)
    if image:
        with pytest.raises(RefusedError):
            pulled(image)
    if image.isascii() and image.isprintable():  # no request has others in its path (wire.py)
        with pytest.raises(RefusedError):
            calls.call(WITH, Engine(), Request("GET", f"/images/{image}/json", {}, {}, b""))


def test_there_are_many():
    assert len(set(FORGED)) == len(FORGED) >= 70


@pytest.mark.parametrize(
    "options",
    [None, {"profile": "small"}, {"profile": "own"}, {"profile": "own", "image": "usual"},
     {"profile": "own", WRITTEN: GOOD[1]}, {"profile": "small", WRITTEN: GOOD[0]}, {WRITTEN: GOOD[0]},
     {"profile": "own", WRITTEN: GOOD[0], "image": "usual"}, {"profile": "own", WRITTEN: [GOOD[0]]}],
)  # fmt: skip
def test_only_who_chose_an_image_may_run_it(options):
    with pytest.raises(RefusedError):
        create(server(GOOD[0], options), WITH)


def test_where_nobody_may_name_one_the_same_is_refused():
    for policy in (POLICY, replace(POLICY, profiles=OFFERED[:1])):
        with pytest.raises(RefusedError):
            pulled(GOOD[0], policy)
        with pytest.raises(RefusedError):
            create(server(GOOD[0], {"profile": "own", WRITTEN: GOOD[0]}), policy)


def test_the_files_pattern_counts_too():
    file = json.loads(json.dumps(FILE))
    unlisted = file["profiles"][1]["profile_options"]["image"]["unlisted_choice"]
    unlisted["validation_regex"] = ".*:2026"
    assert profiles.choose(offered(file), {"profile": "own", WRITTEN: f"{BELOW}x:2026"}).gives.image
    with pytest.raises(NoChoiceError):
        profiles.choose(offered(file), {"profile": "own", WRITTEN: f"{BELOW}x:2025"})


def test_a_disk_that_is_nearly_full_gets_no_further_image(monkeypatch):
    monkeypatch.setattr(images, "disk_usage", lambda _: SimpleNamespace(free=4 * 10**9))
    with pytest.raises(RefusedError, match=r"4\.0 GB of free disk space left"):
        pulled(GOOD[0])
