"""The gate: never more inside than it has places, first come, first served, and no place is ever lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from webdata_assets.stages.crawl.politeness.gate import Gate


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that go in, stay until they are told to leave, and leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: list[int] = []
        self.entered: list[int] = []
        self.waiting: dict[int, asyncio.Task[None]] = {}
        self._exits: dict[int, asyncio.Event] = {}

    def come(self, name: int) -> None:
        self._exits[name] = asyncio.Event()
        self.waiting[name] = asyncio.create_task(self._stay(name))

    async def _stay(self, name: int) -> None:
        await self.gate.enter()
        try:
            self.inside.append(name)
            self.entered.append(name)
            await self._exits[name].wait()
            self.inside.remove(name)
        finally:
            if name in self.inside:
                self.inside.remove(name)
            self.gate.leave()

    def go(self, name: int) -> None:
        self._exits[name].set()

    def cancel(self, name: int) -> None:
        self.waiting[name].cancel()

    async def end(self) -> None:
        for task in self.waiting.values():
            task.cancel()
        await asyncio.gather(*self.waiting.values(), return_exceptions=True)


async def test_those_who_wait_get_in_in_their_order() -> None:
    crowd = Crowd(Gate(2))
    for name in range(6):
        crowd.come(name)
    await _settle()
    assert crowd.inside == [0, 1]
    for name in range(4):
        crowd.go(name)
        await _settle()
    assert crowd.entered == [0, 1, 2, 3, 4, 5]
    await crowd.end()


async def test_nobody_overtakes_one_who_was_just_let_in() -> None:
    crowd = Crowd(Gate(1))
    crowd.come(0)
    await _settle()
    crowd.come(1)
    await _settle()
    crowd.go(0)
    crowd.come(2)
    await _settle()
    assert crowd.inside == [1]
    await crowd.end()


async def test_more_places_let_more_in_at_once() -> None:
    gate = Gate(1)
    crowd = Crowd(gate)
    for name in range(5):
        crowd.come(name)
    await _settle()
    gate.resize(4)
    await _settle()
    assert crowd.inside == [0, 1, 2, 3]
    await crowd.end()


async def test_with_fewer_places_nobody_is_let_in_before_enough_have_left() -> None:
    gate = Gate(3)
    crowd = Crowd(gate)
    for name in range(4):
        crowd.come(name)
    await _settle()
    gate.resize(1)
    crowd.go(0)
    crowd.go(1)
    await _settle()
    assert crowd.inside == [2]
    crowd.go(2)
    await _settle()
    assert crowd.inside == [3]
    await crowd.end()


async def test_a_place_that_was_handed_to_a_cancelled_task_goes_to_the_next() -> None:
    gate = Gate(1)
    await gate.enter()
    cancelled = asyncio.create_task(gate.enter())
    following = asyncio.create_task(gate.enter())
    await _settle()
    gate.leave()
    cancelled.cancel()
    await _settle()
    assert cancelled.cancelled()
    assert following.done()


_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.just(0)),
        st.tuples(st.sampled_from(["go", "cancel"]), st.integers(0, 40)),
        st.tuples(st.just("resize"), st.integers(1, 5)),
        st.tuples(st.just("settle"), st.just(0)),
    ),
    max_size=60,
)


@given(_ACTIONS)
def test_no_place_is_lost_and_none_is_given_twice(actions: list[tuple[str, int]]) -> None:
    async def play() -> None:
        size = 2
        gate = Gate(size)
        crowd = Crowd(gate)
        # places that were given away before the gate shrank stay given
        given = size
        for action, value in actions:
            if action == "come":
                crowd.come(len(crowd.waiting))
            elif action == "resize":
                size = value
                gate.resize(size)
                given = max(given, size)
            elif action == "settle":
                await _settle()
                assert len(crowd.inside) <= given
                given = max(size, len(crowd.inside))
            elif crowd.waiting:
                getattr(crowd, action)(value % len(crowd.waiting))
        await _settle()
        pending = [
            task for name, task in crowd.waiting.items() if not task.done() and name not in crowd.inside
        ]
        assert not pending or len(crowd.inside) >= size
        await crowd.end()
        for _ in range(size):
            await asyncio.wait_for(gate.enter(), 1)

    asyncio.run(play())
