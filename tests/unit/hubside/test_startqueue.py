"""Whose server starts next, and when a start must give its place to the next one."""

import asyncio
from types import SimpleNamespace

from hubinstall.hubside.startqueue import IDLE, WORK, Idleness, StartQueue


def test_starts_queue_in_order_and_leave_when_cancelled():
    async def story():
        queue, order, gate = StartQueue(2), [], asyncio.Event()

        async def start(name):
            await queue.enter(name, name)
            order.append(name)
            await gate.wait()
            queue.leave(name)

        tasks = [asyncio.create_task(start(name)) for name in "abcde"]
        await asyncio.sleep(0)
        places = [queue.ahead(name) for name in "abcde"]
        tasks[2].cancel()
        await asyncio.sleep(0)
        after = [queue.ahead(name) for name in "abcde"]
        gate.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return places, after, order

    places, after, order = asyncio.run(story())
    assert places == [None, None, 0, 1, 2]
    assert after == [None, None, None, 0, 1]
    assert order == ["a", "b", "d", "e"]


def test_who_waits_reads_how_many_are_before_them_and_how_long_it_takes(monkeypatch):
    clock = iter([0.0, 4.0, 4.0])

    async def story():
        queue = StartQueue(1)
        await queue.enter("a", "a")
        tasks = [asyncio.create_task(queue.enter(name, name)) for name in "bcd"]
        await asyncio.sleep(0)
        said = [[queue.words(name) for name in "abcd"]]
        queue.leave("a")  # after 4 s
        await tasks[0]
        said.append([queue.words(name) for name in "bcd"])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return said

    monkeypatch.setattr("hubinstall.hubside.startqueue.time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert asyncio.run(story()) == [
        ["", "You are next", "1 person is before you", "2 people are before you"],
        ["", "You are next: about 4 s", "1 person is before you: about 8 s"],
    ]


def test_a_start_that_does_not_end_loses_its_place():
    async def story():
        queue = StartQueue(1, longest=0.05)
        await queue.enter("hangs", "eve")
        async with asyncio.timeout(60):
            await queue.enter("the next", "grace")
        assert not queue.has_place("hangs")
        queue.leave("hangs")
        assert queue.has_place("the next"), "who has lost a place cannot give back another's"
        await asyncio.sleep(0.1)
        async with asyncio.timeout(60):
            await queue.enter("one more", "iris")

    asyncio.run(story())


def test_one_person_has_one_place_and_keeps_nobody_behind_them_back():
    async def story():
        queue = StartQueue(2)
        await queue.enter("eve 1", "eve")
        second = asyncio.create_task(queue.enter("eve 2", "eve"))
        third = asyncio.create_task(queue.enter("eve 3", "eve"))
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await queue.enter("grace", "grace")
        assert (queue.ahead("eve 2"), queue.ahead("eve 3")) == (0, 1)
        queue.leave("grace")
        await asyncio.sleep(0)
        assert not second.done()
        queue.leave("eve 1")
        await second
        assert queue.ahead("eve 3") == 0
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        assert queue.ahead("eve 3") is None

    asyncio.run(story())


def test_a_start_that_is_cancelled_just_when_its_turn_comes_takes_no_place():
    async def story():
        queue = StartQueue(1)
        await queue.enter("a", "a")
        late = asyncio.create_task(queue.enter("b", "b"))
        await asyncio.sleep(0)
        queue.leave("a")
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert not queue.has_place("b")
        async with asyncio.timeout(60):
            await queue.enter("c", "c")

    asyncio.run(story())


def test_only_a_container_that_works_needs_its_place():
    idleness = Idleness(0.0)
    assert not idleness.is_idle(1.0, 1.0)
    assert not idleness.is_idle(1.0 + WORK / 2, 0.9 + IDLE)
    assert idleness.is_idle(1.0 + WORK / 2, 1.0 + IDLE)
    assert not idleness.is_idle(1.0 + WORK * 2, 1.5 + IDLE), "it works again"
    assert Idleness(0.0).is_idle(0.0, IDLE)
