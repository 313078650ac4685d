"""How often one may guess, by a clock that the test sets."""

import pytest

from hubinstall.hubside.attempts import (
    ADDRESS,
    AT_FIRST,
    MOST,
    MOST_MADE_UP,
    WINDOW,
    Attempts,
    Counts,
    counted,
    folded,
)  # fmt: skip

ROOM = "192.0.2.1"


def guesses(attempts, account, address, seconds, *, each=0.02, exists=True, begin=0.0):
    """What a guesser gets through who tries every `each` seconds for `seconds`: so many real tries."""
    steps = int(seconds / each)
    return sum(attempts.begin(account, address, begin + step * each, exists=exists) == 0 for step in range(steps))


def test_guessing_is_slowed_down_for_the_pair():
    attempts, now, waits = Attempts(), 0.0, []
    for _ in range(5):
        assert attempts.begin("alice", ROOM, now) == 0
    for _ in range(12):
        waits.append(attempts.begin("alice", ROOM, now))
        now += waits[-1]
        assert attempts.begin("alice", ROOM, now) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert attempts.begin("alice", "198.51.100.1", now) == 0
    assert attempts.begin("bob", ROOM, now) == 0


def test_what_is_asked_at_the_same_time_counts_at_once():
    attempts = Attempts()
    assert [attempts.begin("alice", ROOM, 0.0) == 0 for _ in range(1000)].count(True) == 5


def test_who_got_it_right_has_never_mistyped():
    attempts = Attempts()
    for _ in range(20):
        for _ in range(5):
            assert attempts.begin("alice", ROOM, 0.0) == 0
        attempts.succeeded("alice", ROOM, 0.0)
    assert len(attempts.real) == len(attempts.addresses) == 0


def test_what_came_to_no_end_does_not_count():
    attempts = Attempts()
    for _ in range(20):
        assert attempts.begin("alice", ROOM, 0.0) == 0
        attempts.undone("alice", ROOM)
    assert len(attempts.real) == len(attempts.addresses) == 0


def test_a_failure_is_forgotten_in_time():
    attempts = Attempts()
    for _ in range(6):
        attempts.begin("alice", ROOM, 0.0)
    assert attempts.begin("alice", ROOM, 0.5) > 0
    assert attempts.failures("alice", ROOM, WINDOW - 1) == 5
    assert attempts.failures("alice", ROOM, WINDOW + 1) == 0


def test_a_guesser_is_slowed_to_a_few_tries_an_hour():
    assert guesses(Attempts(), "alice", ROOM, 3600, each=1) < 30


def test_guessing_from_many_addresses_is_slowed_down_without_a_lock_out():
    attempts = Attempts()
    tries = [attempts.begin("alice", f"10.0.{n // 250}.{n % 250}", 0.0) for n in range(1000)]
    assert tries.count(0.0) == 50
    assert 0 < attempts.begin("alice", ROOM, 0.0) <= 30
    assert attempts.begin("alice", ROOM, WINDOW + 1) == 0


def test_one_guesser_alone_does_not_keep_the_owner_out():
    attempts = Attempts()
    guesses(attempts, "alice", "198.51.100.7", 600)
    assert attempts.begin("alice", ROOM, 600.0) == 0


def test_where_the_owner_has_logged_in_before_what_is_guessed_elsewhere_does_not_count():
    attempts = Attempts()
    assert attempts.begin("alice", ROOM, 0.0) == 0
    attempts.succeeded("alice", ROOM, 0.0)
    for n in range(1000):
        attempts.begin("alice", f"10.0.{n // 250}.{n % 250}", 1.0)
    assert attempts.begin("alice", ROOM, 1.0) == 0
    assert attempts.begin("alice", "198.51.100.1", 1.0) > 0
    assert guesses(attempts, "alice", ROOM, 60, begin=2.0) < 12, "and there, too, it is not open"


def test_one_password_tried_on_everybody_is_slowed():
    attempts, people, seconds = Attempts(), 100, 600
    through = [
        attempts.begin(f"p{number % people}", ROOM, number * 0.02) == 0 for number in range(int(seconds / 0.02))
    ].count(True)
    assert through < AT_FIRST * people + seconds / 20
    assert attempts.begin("p1", ROOM, float(seconds)) > 0


@pytest.mark.parametrize("mistyped", [0, 1, 3])
def test_a_class_of_sixty_behind_one_address_gets_in(mistyped):
    attempts = Attempts()
    for student in range(60):
        now = float(student)
        for _ in range(mistyped if student % 3 else 0):
            assert attempts.begin(f"s{student}", ROOM, now) == 0
        assert attempts.begin(f"s{student}", ROOM, now) == 0
        attempts.succeeded(f"s{student}", ROOM, now)


def test_a_class_gets_in_while_one_of_them_guesses_at_others():
    attempts = Attempts()
    for number in range(3000):
        attempts.begin(f"s{30 + number % 30}", ROOM, number * 0.02)
        if number % 100 == 0:
            assert attempts.begin(f"s{number // 100}", ROOM, number * 0.02) == 0
            attempts.succeeded(f"s{number // 100}", ROOM, number * 0.02)
    assert attempts.addresses.of(("", ROOM), 60.0)[0] > ADDRESS.free


def test_a_flood_of_names_neither_fills_the_memory_nor_makes_forget():
    attempts = Attempts()
    for _ in range(5):
        attempts.begin("alice", ROOM, 0.0)
    for n in range(MOST_MADE_UP):
        attempts.begin(f"x{n}", f"10.{n // 250 // 250}.{n // 250 % 250}.{n % 250}", 0.0, exists=False)
    assert len(attempts.made_up) == MOST_MADE_UP
    assert len(attempts.addresses) == MOST
    assert attempts.begin("alice", ROOM, 0.0) > 0


@pytest.mark.parametrize("each", [1, 5])
def test_made_up_names_keep_nobody_out(each):
    """Nor those who mistype then."""
    attempts = Attempts()
    for n in range(5000):
        attempts.begin(f"x{n // each}", ROOM, n * 0.02, exists=False)
    assert [attempts.begin("alice", ROOM, 100.0) for _ in range(AT_FIRST)] == [0] * AT_FIRST


def test_a_flood_of_counts_does_not_fill_the_memory():
    counts = Counts()
    for n in range(2 * MOST):
        counts.add((f"user{n}", ROOM), 0.0)
    assert len(counts) == MOST


@pytest.mark.parametrize("others", [0, 99, 1000])
@pytest.mark.parametrize("addresses", [1, 20])
def test_a_made_up_name_counts_as_a_real_one(others, addresses):
    """For itself, and for whoever comes next from there; in any spelling, whatever was tried there before."""

    def seen(*, exists):
        attempts = Attempts()
        for n in range(others):
            attempts.begin(f"s{n // 5}", ROOM, 0.0, exists=n % 2 == 0)
        spellings = ("grace", "Grace", "GRACE@example.org", "CORP\\grace")
        tries = [(spellings[n % 4], f"192.0.2.{n % addresses + 1}", n / 4) for n in range(800)]
        waits = [attempts.begin(name, address, now, exists=exists) for name, address, now in tries]
        return waits, [attempts.begin("s0", ROOM, now) for now in (200.0, 210.0, 220.0)]

    assert seen(exists=True) == seen(exists=False)


def test_what_names_count_as():
    assert folded("Max") == folded("max@example.org") == folded("CORP\\max") == "max"
    assert folded("@") != folded("") != folded("max")


@pytest.mark.parametrize(
    ("address", "same_as"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2:3"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2"),
        ("192.0.2.1", "192.0.2.1"),
        ("", ""),
    ],
)
def test_what_addresses_count_as(address, same_as):
    assert counted(address) == counted(same_as)
    assert counted("2001:db8:0:1::1") != counted("2001:db8::1")
