"""The draw of a release of Debian for a kind of machine: commits take turns."""

from collections import Counter

import drawn_release
import one_kind

SEEDS = [f"{number:012x}" for number in range(400)]


def test_each_kind_of_machine_has_its_releases_in_turns():
    for kind in one_kind.KINDS:
        assert {drawn_release.release(kind, seed) for seed in SEEDS} == set(drawn_release.RELEASES[kind])


def test_a_file_for_one_kind_comes_to_each_of_its_releases():
    files = {"test_a.py": 3, "test_b.py": 2}
    seen = Counter()
    for seed in SEEDS:
        kind = one_kind.kinds(files, seed)["test_a.py"]
        seen[kind, drawn_release.release(kind, seed)] += 1
    assert len(seen) == sum(len(releases) for releases in drawn_release.RELEASES.values())
    assert min(seen.values()) > len(SEEDS) / 8
