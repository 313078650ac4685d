"""Profiles are refused with their line and a way out, and what they say arrives at the hub and the broker."""

import pytest

from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load

GOOD = """environments: {stats: {title: Statistics}}
profiles:
  - display_name: Small
    memory: 1G
  - display_name: Large
    default: true
    profile_options:
      size:
        choices:
          s: {display_name: Two, overrides: {memory: 2G}}
          l: {display_name: Four, overrides: {memory: 4G, cpu: 2}}
        unlisted_choice: {enabled: true, validation_regex: '[1-4]G', overrides: {memory: '{value}'}}
"""


def test_what_is_right_is_taken():
    small, large = load(GOOD).settings.profiles
    assert (small.name, large.name) == ("small", "large")
    assert large.described()["options"]["size"]["unlisted_choice"]["overrides"] == ["memory"]


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("memory: 1G", "memroy: 1G", "4:5", "profiles[0].memroy: unknown key; did you mean profiles[0].memory?"),
        ("{memory: 2G}", "{memroy: 2G}", "10:46", "did you mean profiles[1].profile_options.size.choices.s.overrides."),
        ("memory: 1G", "memory: lots", "4:13", "profiles[0].memory: 'lots' is not a size"),
        ("display_name: Small", "description: Small", "3:5", "is missing"),
        ("display_name: Large", "display_name: small", "5:5", "has the slug small of an earlier profile"),
        ("memory: 1G", "default: true", "6:14", "is the second default"),
        ("memory: 1G", "slug: 'A b'", "4:11", "cannot be a name here"),
        ("memory: 1G", "mounts: [/etc]", "4:14", "belongs to this machine"),
        ("memory: 1G", "groups: [a, a]", "4:17", "a is in the list twice"),
        ("memory: 1G", "gpus: 17", "4:11", "17 is too large; try 16 or less"),
        ("memory: 1G", "environment: stat", "4:18", "there is no environment stat; did you mean stats?"),
        ("{memory: 2G}", "{environment: x}", "10:59", "there is no environment x; try default"),
        ("size:", "profile:", "8:7", "cannot be the name of an option"),
        ("'[1-4]G'", "'[1-4'", "12:60", "is not a pattern"),
        ("validation_regex: '[1-4]G', ", "", "12:26", "also needs validation_regex"),
        (", overrides: {memory: '{value}'}}", "}", "12:26", "also needs overrides"),
        ("'{value}'", "4G", "12:90", "must be {value}, not '4G'"),
        ("Small\n", "'***'\n", "3:19", "has no letter for a slug"),
    ],
)
def test_what_is_wrong_has_its_place(old, new, place, words):
    assert old in GOOD
    with pytest.raises(ConfigError) as refused:
        load(GOOD.replace(old, new, 1), "config.yaml")
    assert f"config.yaml:{place}: " in str(refused.value)
    assert words in str(refused.value)


def test_no_choices():
    with pytest.raises(ConfigError, match="has no choice"):
        load("profiles: [{display_name: A, profile_options: {size: {choices: {}}}}]")
    with pytest.raises(ConfigError, match="must be a list"):
        load("profiles: {small: {}}")
