"""The draw of a release of Debian for a kind of machine: commits take turns."""

from collections import Counter

import drawn_release
import one_kind

SEEDS = [f"{number:012x}" for number in range(400)]


def test_each_commit_meets_both_releases_and_each_kind_has_them_in_turns():
    drawn = {tuple(drawn_release.release(kind, seed) for kind in one_kind.KINDS) for seed in SEEDS}
    assert drawn == {("bookworm", "trixie"), ("trixie", "bookworm")}


def test_a_file_for_one_kind_comes_to_each_of_its_releases():
    files = {"test_a.py": 3, "test_b.py": 2}
    seen = Counter()
    for seed in SEEDS:
        kind = one_kind.kinds(files, seed)["test_a.py"]
        seen[kind, drawn_release.release(kind, seed)] += 1
    assert len(seen) == len(one_kind.KINDS) * len(drawn_release.RELEASES)
    assert min(seen.values()) > len(SEEDS) / 8
