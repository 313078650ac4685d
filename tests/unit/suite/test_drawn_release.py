"""The draw of a release of Debian for a kind of machine: the other kind has the other one, and commits take turns."""

from collections import Counter

import drawn_release
import one_kind

SEEDS = [f"{number:012x}" for number in range(400)]


def test_both_releases_are_run_at_each_commit():
    for seed in SEEDS:
        assert {drawn_release.release(kind, seed) for kind in one_kind.KINDS} == set(drawn_release.RELEASES)


def test_a_file_for_one_kind_comes_to_each_release_on_each_kind():
    files = {"test_a.py": 3, "test_b.py": 2}
    seen = Counter()
    for seed in SEEDS:
        kind = one_kind.kinds(files, seed)["test_a.py"]
        seen[kind, drawn_release.release(kind, seed)] += 1
    assert len(seen) == 4
    assert min(seen.values()) > len(SEEDS) / 8
