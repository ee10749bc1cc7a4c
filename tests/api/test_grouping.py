"""The grouper: who waits goes together, nobody fails for another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import psycopg
import pytest

from goldvein.api.grouping import Grouper, Overloaded
from goldvein.domain.errors import GoldveinError, LeaseLost, NotFound
from goldvein.domain.records import WorkRequest, WorkResult


class Recorder:
    """Carries out groups, remembers them, and can be held up."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.answer: Callable[[WorkRequest], WorkResult | GoldveinError] = lambda _: WorkResult(True, None)

    def __call__(self, requests: Sequence[WorkRequest]) -> list[WorkResult | GoldveinError]:
        self.gate.wait(5)
        self.groups.append([request.labeler for request in requests])
        return [self.answer(request) for request in requests]


def ask(labeler: int) -> WorkRequest:
    return WorkRequest(labeler, "next")


@asynccontextmanager
async def working(recorder: Recorder, **options: int) -> AsyncIterator[Grouper]:
    grouper = Grouper(recorder, **options)
    grouper.start()
    try:
        yield grouper
    finally:
        recorder.gate.set()
        await grouper.stop()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 10))


async def settled() -> None:
    """Let everything that can happen without time passing happen."""
    for _ in range(5):
        await asyncio.sleep(0.002)


def test_a_single_request_goes_at_once() -> None:
    """Under light load a group is one request."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder) as grouper:
            for labeler in (1, 2):
                assert (await grouper.submit(ask(labeler))).accepted

    run(story())
    assert recorder.groups == [[1], [2]]


def test_who_comes_while_a_group_is_in_flight_goes_together() -> None:
    """All that wait share the next transaction, in the order of their coming."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder) as grouper:
            recorder.gate.clear()
            first = asyncio.create_task(grouper.submit(ask(1)))
            await settled()
            rest = [asyncio.create_task(grouper.submit(ask(labeler))) for labeler in range(2, 12)]
            await settled()
            recorder.gate.set()
            await asyncio.gather(first, *rest)

    run(story())
    assert recorder.groups == [[1], list(range(2, 12))]


def test_a_second_request_of_a_labeler_waits_for_the_next_group() -> None:
    """A group holds distinct labelers; nobody else waits for a labeler in a hurry."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder) as grouper:
            recorder.gate.clear()
            tasks = [asyncio.create_task(grouper.submit(ask(9)))]
            await settled()
            tasks += [asyncio.create_task(grouper.submit(ask(labeler))) for labeler in (1, 1, 2, 1, 3)]
            await settled()
            recorder.gate.set()
            await asyncio.gather(*tasks)

    run(story())
    assert recorder.groups == [[9], [1, 2, 3], [1], [1]]


def test_an_answer_and_the_deferral_after_it_go_together() -> None:
    """One step of somebody who keeps answers back; anything else of theirs waits, in its order."""
    recorder = Recorder()
    kinds: list[Literal["answer", "defer", "next"]] = ["answer", "defer", "answer", "defer", "next", "defer"]

    async def story() -> None:
        async with working(recorder) as grouper:
            recorder.gate.clear()
            tasks = [asyncio.create_task(grouper.submit(ask(9)))]
            await settled()
            tasks += [asyncio.create_task(grouper.submit(WorkRequest(1, kind))) for kind in kinds]
            await settled()
            recorder.gate.set()
            await asyncio.gather(*tasks)

    run(story())
    assert recorder.groups == [[9], [1, 1], [1, 1], [1], [1]]


def test_a_group_has_a_largest_size() -> None:
    """More than the cap goes into the group after."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder, size=3) as grouper:
            await asyncio.gather(*(grouper.submit(ask(labeler)) for labeler in range(7)))

    run(story())
    assert recorder.groups == [[0, 1, 2], [3, 4, 5], [6]]


def test_an_error_is_the_business_of_one_request() -> None:
    """A request that is refused does not touch its neighbours."""
    recorder = Recorder()
    recorder.answer = lambda request: LeaseLost() if request.labeler == 2 else WorkResult(True, None)

    async def story() -> None:
        async with working(recorder) as grouper:
            outcomes = await asyncio.gather(
                *(grouper.submit(ask(labeler)) for labeler in (1, 2, 3)), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes] == [WorkResult, LeaseLost, WorkResult]

    run(story())


def test_a_server_that_is_gone_is_not_asked_again_for_each() -> None:
    """Two hundred time-outs one after the other would help nobody."""
    recorder = Recorder()

    def answer(_: WorkRequest) -> WorkResult:
        raise psycopg.OperationalError("gone")

    recorder.answer = answer

    async def story() -> None:
        async with working(recorder) as grouper:
            outcomes = await asyncio.gather(
                *(grouper.submit(ask(labeler)) for labeler in (1, 2, 3)), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes] == [psycopg.OperationalError] * 3
            recorder.answer = lambda _: WorkResult(True, None)
            assert (await grouper.submit(ask(1))).accepted

    run(story())
    assert len(recorder.groups) == 2


def test_a_request_that_nobody_waits_for_is_left_out() -> None:
    """A sender who hung up while waiting costs no work, and does no harm to a group in flight."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder) as grouper:
            recorder.gate.clear()
            in_flight = asyncio.create_task(grouper.submit(ask(1)))
            await settled()
            waiting = [asyncio.create_task(grouper.submit(ask(labeler))) for labeler in (2, 3)]
            await settled()
            in_flight.cancel()
            waiting[0].cancel()
            await settled()
            recorder.gate.set()
            assert (await waiting[1]).accepted

    run(story())
    assert recorder.groups == [[1], [3]]


def test_too_many_are_refused_at_the_door() -> None:
    """The queue is bounded: 503 with a time to come again."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder, waiting_limit=2) as grouper:
            recorder.gate.clear()
            tasks = [asyncio.create_task(grouper.submit(ask(1)))]
            await settled()
            tasks += [asyncio.create_task(grouper.submit(ask(labeler))) for labeler in (2, 3)]
            await settled()
            with pytest.raises(Overloaded) as refused:
                await grouper.submit(ask(4))
            assert refused.value.status == 503
            assert refused.value.facts["retry_after_seconds"] >= 1
            recorder.gate.set()
            await asyncio.gather(*tasks)

    run(story())


def test_errors_keep_their_type() -> None:
    """What the service says is what the caller gets."""
    recorder = Recorder()
    recorder.answer = lambda _: NotFound("no lease", code="lease_unknown")

    async def story() -> None:
        async with working(recorder) as grouper:
            with pytest.raises(NotFound) as missing:
                await grouper.submit(ask(1))
            assert missing.value.code == "lease_unknown"

    run(story())


def test_one_labeler_cannot_fill_the_queue() -> None:
    """A group takes one request of each, so one in a hurry would hold up all the others for many groups."""
    recorder = Recorder()

    async def story() -> None:
        async with working(recorder, labeler_limit=3) as grouper:
            recorder.gate.clear()
            tasks = [asyncio.create_task(grouper.submit(ask(9)))]
            await settled()
            tasks += [asyncio.create_task(grouper.submit(ask(1))) for _ in range(5)]
            tasks.append(asyncio.create_task(grouper.submit(ask(2))))
            await settled()
            recorder.gate.set()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            refused = [place for place, one in enumerate(outcomes) if isinstance(one, Overloaded)]
            assert refused == [4, 5]
            assert (await grouper.submit(ask(1))).accepted
            assert not grouper._waiting_of

    run(story())
    assert recorder.groups == [[9], [1, 2], [1], [1], [1]]
