"""Labelers who work, and write down exactly what they receive: bytes, headers, times, and what errors say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


@dataclass(frozen=True, slots=True)
class Reply:
    """One response as it came: ``took``: seconds from the first byte sent to the last received."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    took: float
    came_at: float
    wall: datetime

    def header(self, name: bytes) -> str:
        """Value of the first header of this name, in small letters; empty if there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")


@dataclass(slots=True)
class Sighting:
    """One task as one labeler saw it, and what came back upon what was done with it.

    Attributes
    ----------
    labeler, number : int
        Who, and the how manyth task of that labeler this is.
    via : str
        The request whose response brought it: ``next``, ``answer`` or ``skip``.
    given : Reply
        That response.
    work : mapping
        The part of its body that describes the work.
    did : str
        What the labeler did: ``answer``, ``skip``, ``late``, or ``nothing`` where the run ended first.
    back : Reply or None
        What the service said to that.
    repeated, renewed : Reply or None
        What it said to the same answer sent again, and to a wish for more time.
    """

    labeler: int
    number: int
    via: str
    given: Reply
    work: Mapping[str, Any]
    did: str = "nothing"
    back: Reply | None = None
    repeated: Reply | None = None
    renewed: Reply | None = None

    @property
    def lease(self) -> str:
        """The lease's id, as shown."""
        return str(self.work["lease"]["id"])


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a spy does what is rarer than to answer; shares of its tasks."""

    skip: float = 0.01
    unanswerable: float = 0.003
    renew: float = 0.02
    repeat: float = 0.02
    late: float = 0.004


@dataclass(slots=True)
class Spy:
    """One labeler at work. Sightings are kept in the order seen."""

    place: int
    key: str
    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    think: Callable[[], float]
    rng: np.random.Generator
    habits: Habits = field(default_factory=Habits)
    sightings: list[Sighting] = field(default_factory=list)
    empty: dict[str, int] = field(default_factory=dict)
    idle_since: float | None = None


class Line:
    """One labeler's own connection."""

    def __init__(self, base_url: str, key: str) -> None:
        self._url = httpcore.URL(base_url)
        self._headers = [
            (b"host", base_url.partition("//")[2].encode()),
            (b"authorization", f"Bearer {key}".encode()),
            (b"content-type", b"application/json"),
        ]
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Send one request; on a line that broke, once more over a new one."""
        content = json.dumps(body).encode()
        for last in (False, True):
            if self._connection is None or not self._connection.is_available():
                origin = httpcore.Origin(self._url.scheme, self._url.host, self._url.port or 80)
                self._connection = httpcore.AsyncHTTPConnection(origin)
            headers = [*self._headers, (b"content-length", b"%d" % len(content))]
            url = httpcore.URL(
                scheme=self._url.scheme, host=self._url.host, port=self._url.port, target=path.encode()
            )
            request = httpcore.Request("POST", url, headers=headers, content=content)
            began = time.perf_counter()
            try:
                response = await self._connection.handle_async_request(request)
                read = await response.aread()
                await response.aclose()
            except _FAILURES:
                await self.close()
                if last:
                    raise
                continue
            now = time.perf_counter()
            return Reply(response.status, response.headers, read, now - began, now, datetime.now(UTC))
        raise AssertionError

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.aclose()
        self._connection = None


async def spy(base_url: str, person: Spy, stop: asyncio.Event, project: int) -> None:
    """Let one labeler work and watch until ``stop`` is set."""
    line = Line(base_url, person.key)
    sighting: Sighting | None = None
    wait = 0.05
    while not stop.is_set():
        if sighting is None:
            reply = await line.post("/v1/work/next", {"project": project})
            sighting = _seen(person, "next", reply)
            if sighting is None:
                person.idle_since = person.idle_since or time.monotonic()
                reason = reply.header(b"goldvein-reason")
                person.empty[reason] = person.empty.get(reason, 0) + 1
                await sleep(wait, stop)
                wait = min(2 * wait, 1.0)
                continue
        wait, person.idle_since = 0.05, None
        await sleep(person.think(), stop)
        if stop.is_set():
            break
        sighting = await _deal_with(line, person, sighting, stop)
    await line.close()


async def _deal_with(line: Line, person: Spy, seen: Sighting, stop: asyncio.Event) -> Sighting | None:
    """Answer, skip, renew, repeat or come late; returns the next task where the response brought one."""
    habits, rng = person.habits, person.rng
    path = f"/v1/work/{seen.lease}"
    if rng.random() < habits.renew:
        seen.renewed = await line.post(f"{path}/renew", {})
    roll = rng.random()
    if roll < habits.skip:
        seen.did, seen.back = "skip", await line.post(f"{path}/skip", {})
        return _seen(person, "skip", seen.back)
    said = person.answer(seen.work["task"]["input"])
    body = {"answer": {"unanswerable": True} if roll < habits.skip + habits.unanswerable else said}
    if rng.random() < habits.late:
        expires = datetime.fromisoformat(_renewed(seen) or seen.work["lease"]["expires_at"])
        await sleep((expires - datetime.now(UTC)).total_seconds() + float(rng.uniform(0.5, 4.0)), stop)
        if stop.is_set():
            return None
        seen.did = "late"
    else:
        seen.did = "answer"
    seen.back = await line.post(f"{path}/answer", body)
    if seen.did == "answer" and rng.random() < habits.repeat:
        seen.repeated = await line.post(f"{path}/answer", body)
    return _seen(person, "answer", seen.back)


def _renewed(seen: Sighting) -> str | None:
    """Give the time that a renewal gave, if there was one."""
    if seen.renewed is None or seen.renewed.status != 200:
        return None
    return str(json.loads(seen.renewed.body)["lease"]["expires_at"])


def _seen(person: Spy, via: str, reply: Reply) -> Sighting | None:
    """Write down the work in a response, if there is any."""
    if reply.status == 204:
        return None
    body = json.loads(reply.body)
    if reply.status != 200:
        if reply.status == 409:
            return None
        raise RuntimeError(f"a labeler who asked ({via}) was answered {reply.status}: {reply.body[:500]!r}")
    work = body if via == "next" else body["next"]
    if work is None:
        return None
    sighting = Sighting(person.place, len(person.sightings), via, reply, work)
    person.sightings.append(sighting)
    return sighting


async def sleep(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but not past the end of the run."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=max(0.0, seconds))
