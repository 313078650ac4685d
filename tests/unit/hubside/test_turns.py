"""Whose password is checked next."""

import asyncio

from hubinstall.hubside.turns import Turns


class Desk:
    """Checks that end when the test says so; `order`: who came up, one after the other."""

    def __init__(self, turns):
        self.turns, self.order, self.ends, self.tasks = turns, [], {}, []

    async def comes(self, name, address, tried=0):
        self.ends[name] = asyncio.Event()

        async def check():
            async with self.turns.turn(address, tried):
                self.order.append(name)
                await self.ends[name].wait()

        self.tasks.append(asyncio.create_task(check()))
        await asyncio.sleep(0)
        return self.tasks[-1]

    async def goes(self, name):
        self.ends[name].set()
        for _ in range(5):
            await asyncio.sleep(0)


def run(scenario):
    async def whole():
        turns = Turns(places=3, of_one=2)
        await scenario(Desk(turns))
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            async with turns.turn("anybody", 0), turns.turn("somebody", 0), turns.turn("a third", 0):
                pass
        assert not turns._waiting
        assert not turns._at_work

    asyncio.run(whole())


def test_one_address_does_not_take_all_places():
    async def scenario(desk):
        for number in range(10):
            await desk.comes(f"bad{number}", "guesser")
        await desk.comes("good", "classroom")
        assert desk.order == ["bad0", "bad1", "good"]

    run(scenario)


def test_addresses_take_turns():
    async def scenario(desk):
        for number in range(5):
            await desk.comes(f"a{number}", "a")
            await desk.comes(f"b{number}", "b")
        await desk.comes("c", "c")
        assert desk.order == ["a0", "b0", "a1"]
        await desk.goes("a0")
        assert desk.order[3:] == ["c"], "who has nobody at work yet"
        await desk.goes("b0")
        assert desk.order[4:] == ["b1"]

    run(scenario)


def test_of_one_address_who_was_tried_least_goes_first():
    async def scenario(desk):
        for number in range(4):
            await desk.comes(f"guessed{number}", "room", tried=number)
        await desk.comes("fresh", "room", tried=0)
        await desk.goes("guessed0")
        assert desk.order == ["guessed0", "guessed1", "fresh"]

    run(scenario)


def test_who_gives_up_leaves_the_queue():
    async def scenario(desk):
        for number in range(2):
            await desk.comes(f"at work{number}", "room")
        gone = await desk.comes("gone", "room")
        await desk.comes("next", "room")
        gone.cancel()
        await asyncio.sleep(0)
        await desk.goes("at work0")
        assert desk.order == ["at work0", "at work1", "next"]

    run(scenario)


def test_a_place_that_was_given_to_who_gives_up_is_given_on():
    async def scenario(desk):
        for number in range(2):
            await desk.comes(f"at work{number}", "room")
        gone = await desk.comes("gone", "room")
        await desk.comes("next", "room")
        desk.ends["at work0"].set()
        await asyncio.sleep(0)
        gone.cancel()  # in the very moment in which its turn has come
        for _ in range(5):
            await asyncio.sleep(0)
        assert desk.order[-1] == "next"

    run(scenario)
