"""Labelers over HTTP, in a process of their own: ``python -m perf.load < PLAN.json > RESULT.json``.

Each labeler is one connection that answers what it has in hand and gets the next work in the same round trip.
The right option of every text says so (`MARK`), so a labeler is as good as the plan wants.
"""

import asyncio
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import uvloop

from perf.http import Connection, Reply

MARK: Final = "*"
"""How the text of a right option begins."""
_WORDS: Final = """
amber ash beech birch brook cedar clay cliff cloud copper dale dawn dune ember fern field flint fog
forest frost glade grove hail harbour heath hill island ivy lake lark leaf linden marsh meadow mist
moss oak pebble pine pond rain reed river rowan sand shore slate snow spring spruce stone storm
thicket tide vale willow wind
""".split()  # noqa: SIM905  a list would be seventy lines long


def task_input(number: int, rng: random.Random, options: int = 4) -> tuple[dict[str, Any], int]:
    """Make a text task whose options differ in length; return it and the place of its right option."""
    key = number % options
    texts = [" ".join(rng.choices(_WORDS, k=rng.randint(14, 26))) for _ in range(options)]
    shown = [f"{MARK if place == key else '-'} {text}" for place, text in enumerate(texts)]
    return {"prompt": f"Text {number}: {' '.join(rng.choices(_WORDS, k=12))}", "options": shown}, key


class Plan(msgspec.Struct, kw_only=True):
    """What a process of labelers does.

    Attributes
    ----------
    tokens : list of str
        One labeler each.
    answers : int
        Answers of all labelers together, after which they stop; 0 for no such end.
    seconds : float
        Time after which they stop.
    think_seconds : float
        Mean time between getting work and answering it.
    accuracy : float
        Share of right answers.
    """

    host: str
    port: int
    tokens: list[str]
    answers: int = 0
    seconds: float = 1e9
    think_seconds: float = 0.0
    accuracy: float = 0.95
    seed: int = 1


class _Lease(msgspec.Struct):
    id: str


class _Input(msgspec.Struct):
    prompt: str
    options: list[str]


class _Task(msgspec.Struct):
    input: _Input


class Work(msgspec.Struct):
    """The part of a work response that a labeler reads."""

    lease: _Lease
    task: _Task


class Answered(msgspec.Struct):
    """The part of an answer's response that a labeler reads."""

    next: Work | None
    accepted: bool
    retry_after: int | None = None


read_work: Final = msgspec.json.Decoder(Work)
read_answered: Final = msgspec.json.Decoder(Answered)


def right_option(work: Work) -> int:
    """Find the position of the option that says that it is right."""
    return next(place for place, text in enumerate(work.task.input.options) if text.startswith(MARK))


def answer_body(work: Work, rng: random.Random, accuracy: float) -> bytes:
    """Answer as a labeler of this accuracy."""
    options = len(work.task.input.options)
    pick = right_option(work)
    if rng.random() >= accuracy:
        pick = (pick + rng.randrange(1, options)) % options
    return b'{"answer":{"choice":%d},"focus_ms":%d}' % (pick, rng.randrange(500, 9000))


@dataclass
class Crowd:
    """The labelers of one process, and what they saw."""

    plan: Plan
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    waits: int = 0
    started: float = 0.0

    async def run(self) -> None:
        """Get everybody work, then let all answer at once."""
        self.left = self.plan.answers or 2**62
        ready = asyncio.Barrier(len(self.plan.tokens))
        await asyncio.gather(
            *(self._labeler(number, token, ready) for number, token in enumerate(self.plan.tokens))
        )
        self.ended = time.monotonic()

    async def _labeler(self, number: int, token: str, ready: asyncio.Barrier) -> None:
        rng = random.Random(f"{self.plan.seed}-{number}")
        line = Connection(self.plan.host, self.plan.port, token)
        work = await self._ask(line)
        await ready.wait()
        self.started = self.started or time.monotonic()
        end = self.started + self.plan.seconds
        think = self.plan.think_seconds
        if think:
            await asyncio.sleep(think * rng.random())
        while self.left > 0 and time.monotonic() < end:
            if work is None:
                self.waits += 1
                work = await self._ask(line)
                continue
            self.left -= 1
            body = answer_body(work, rng, self.plan.accuracy)
            begun = time.perf_counter()
            reply = await line.request("POST", f"/v1/work/{work.lease.id}/answer", body)
            self.milliseconds.append((time.perf_counter() - begun) * 1e3)
            self.statuses[reply.status] += 1
            work = read_answered.decode(reply.body).next if reply.status == 200 else None
            if think:
                await asyncio.sleep(think * rng.uniform(0.5, 1.5))
        line.close()

    async def _ask(self, line: Connection) -> Work | None:
        reply: Reply = await line.request("POST", "/v1/work/next", b"{}")
        if reply.status == 200:
            return read_work.decode(reply.body)
        if reply.status != 204:
            self.statuses[reply.status] += 1
        await asyncio.sleep(min(reply.retry_after, 0.5))
        return None

    def result(self) -> Mapping[str, Any]:
        """Figures of the run; times in milliseconds."""
        times, usage = sorted(self.milliseconds), resource.getrusage(resource.RUSAGE_SELF)
        return {
            "answers": self.statuses[200],
            "errors": sum(count for status, count in self.statuses.items() if status != 200),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "waits": self.waits,
            "seconds": self.ended - self.started,
            **{
                f"p{share}_ms": times[min(len(times) - 1, len(times) * share // 100)]
                for share in (50, 95, 99)
            },
            "max_ms": times[-1],
            "client_cpu_seconds": usage.ru_utime + usage.ru_stime,
        }


def main() -> None:
    """Read the plan, do it, write the result."""
    crowd = Crowd(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))
    uvloop.run(crowd.run())
    sys.stdout.buffer.write(msgspec.json.encode(crowd.result()))


if __name__ == "__main__":
    main()
