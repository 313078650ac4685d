"""The draw of a kind of machine for a test file: each gets one, and the other one at another commit.

A slow file comes at one commit in two.
"""

from collections import Counter

import pytest

import one_kind

FILES = {"test_c.py": 9, "test_a.py": 2, "test_b.py": 5, "test_d.py": 3}
TESTS = """
import pytest
pytestmark = pytest.mark.one_kind
@pytest.mark.parametrize("process_manager", ["systemd", "plain"])
@pytest.mark.parametrize("number", range(3))
def test_of_one_kind(process_manager, number):
    pass
"""
SLOW = TESTS.replace("pytest.mark.one_kind", "[pytest.mark.one_kind, pytest.mark.in_turns]")
UNMARKED = TESTS.replace("pytestmark", "unused")


def kinds(seed: str) -> list[str]:
    return [kind for _, kind in sorted(one_kind.kinds(FILES, seed).items())]


def test_both_kinds_get_about_the_same_number_of_tests():
    assert kinds("d") in (["plain", "plain", "systemd", "plain"], ["systemd", "systemd", "plain", "systemd"])


def test_another_commit_draws_otherwise_and_the_same_one_the_same():
    seeds = [f"{number:012x}" for number in range(20)]
    assert {tuple(kinds(seed)) for seed in seeds} == {tuple(kinds("0")), tuple(kinds("1"))}
    assert kinds("0") != kinds("1")


def test_half_of_a_marked_file_and_all_of_another_are_run(pytester: pytest.Pytester):
    pytester.makepyfile(test_a=TESTS, test_b=TESTS, test_unmarked=UNMARKED)
    items, _ = pytester.inline_genitems()
    left = one_kind.of_the_other_kind(items, items, "seed")
    assert len(items) == 18
    assert sorted((item.path.name, item.callspec.params["process_manager"]) for item in left)[::3] in (
        [("test_a.py", "plain"), ("test_b.py", "systemd")],
        [("test_a.py", "systemd"), ("test_b.py", "plain")],
    )


def test_a_file_in_turns_comes_on_each_kind_at_one_commit_in_four():
    drawn = [one_kind.kinds(FILES, str(number), one_kind.TURNS)["test_b.py"] for number in range(8)]
    assert Counter(drawn) == {"systemd": 2, "plain": 2, one_kind.LATER: 4}


def test_half_of_the_files_in_turns_are_left_to_another_commit(pytester: pytest.Pytester):
    pytester.makepyfile(**{f"test_{letter}": SLOW for letter in "abcd"})
    items, _ = pytester.inline_genitems()
    left = one_kind.of_the_other_kind(items, items, "seed")
    tried = {(item.path.name, item.callspec.params["process_manager"]) for item in items if item not in left}
    assert len(items) == 24
    assert sorted(kind for _, kind in tried) == ["plain", "systemd"]
    assert len({name for name, _ in tried}) == 2
