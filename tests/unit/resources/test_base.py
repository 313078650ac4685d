"""What all kinds of resources share."""

import hashlib

from hubinstall.resources.base import digest


def test_a_digest_is_the_same_in_every_release():
    """It stands on disks, as the name of trees and in the ledger: another one builds everything again."""
    assert digest("a", b"b") == hashlib.sha256(bytes(7) + b"\x01a" + bytes(7) + b"\x01b").hexdigest()


def test_in_a_digest_the_boundaries_count():
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4
