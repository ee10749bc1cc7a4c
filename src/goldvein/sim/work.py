"""Labelers as HTTP clients: each asks for work, answers as it would, and asks again."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

SHORTEST_WAIT = 0.05
LONGEST_WAIT = 0.8
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once: each client would otherwise read all certificates anew, for a service on this machine."""


@dataclass(slots=True)
class HttpLabeler:
    """One labeler at work: a key, and what it does with a task as shown.

    ``think`` gives the seconds between a task shown and its answer; for ``keeps_back`` seconds each answer is
    kept back, with the next task in hand already. Who ``comes_back`` goes on, once dismissed and
    ``away_seconds`` later, under the new account that this makes.
    """

    name: str
    key: str
    answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    think: Callable[[], float] | None = None
    keeps_back: float | None = None
    arrives_after: float = 0.0
    away_seconds: float = 0.0
    comes_back: Callable[[], Awaitable[HttpLabeler]] | None = None
    answered: int = 0
    refused: int = 0
    idle_since: float | None = None
    reason: str | None = None
    errors: list[str] = field(default_factory=list)


async def work(
    base_url: str,
    labelers: Sequence[HttpLabeler],
    stop: asyncio.Event,
    *,
    project: int | None = None,
    shortest_wait: float = SHORTEST_WAIT,
    longest_wait: float = LONGEST_WAIT,
) -> None:
    """Let all labelers work at once until ``stop`` is set.

    Parameters
    ----------
    base_url : str
        Where the service listens.
    labelers : sequence of HttpLabeler
        Counts and idle times are kept in them while they work.
    stop : asyncio.Event
        Set by whoever knows that the work is over; everybody finishes the answer in hand.
    project : int, optional
        The project to ask work of; any without it.
    shortest_wait, longest_wait : float
        Seconds after which somebody without work asks again, at first and at the latest.
    """
    async with asyncio.TaskGroup() as group:
        for labeler in labelers:
            group.create_task(_come(base_url, labeler, stop, project, (shortest_wait, longest_wait)))


async def _come(
    base_url: str,
    labeler: HttpLabeler,
    stop: asyncio.Event,
    project: int | None,
    waits: tuple[float, float],
) -> None:
    """Work with a client of one's own: a shared one looks at all its connections at every request."""
    await _sleep(labeler.arrives_after, stop)
    limits = httpx.Limits(keepalive_expiry=60)
    async with httpx.AsyncClient(base_url=base_url, verify=_NO_TLS, timeout=60, limits=limits) as client:
        await _work(client, labeler, stop, project, waits)


async def _work(
    client: httpx.AsyncClient,
    labeler: HttpLabeler,
    stop: asyncio.Event,
    project: int | None,
    waits: tuple[float, float],
) -> None:
    shortest, longest = waits
    wait = shortest
    work: Mapping[str, Any] | None = None
    while not stop.is_set():
        if work is None:
            work = await _ask(client, labeler, project)
        if work is None and labeler.reason == "dismissed" and labeler.comes_back is not None:
            await _sleep(labeler.away_seconds, stop)
            if not stop.is_set():
                labeler = await labeler.comes_back()
            continue
        if work is None:
            labeler.idle_since = labeler.idle_since or time.monotonic()
            await _sleep(wait, stop)
            wait = min(2 * wait, longest)
            continue
        labeler.idle_since, labeler.reason, wait = None, None, shortest
        focus = labeler.think() if labeler.think else 0.0
        if focus:
            await _sleep(focus, stop)
        if labeler.keeps_back is not None:
            await _post(client, labeler, f"/v1/work/{work['lease']['id']}/defer")
            await _sleep(labeler.keeps_back, stop)
        work = await _answer(client, labeler, work, focus)


async def _ask(
    client: httpx.AsyncClient, labeler: HttpLabeler, project: int | None
) -> Mapping[str, Any] | None:
    body = {} if project is None else {"project": project}
    response = await _post(client, labeler, "/v1/work/next", body)
    if response is None or response.status_code == httpx.codes.NO_CONTENT:
        labeler.reason = response.headers.get("goldvein-reason") if response is not None else "unreachable"
        return None
    return _object(response)


async def _answer(
    client: httpx.AsyncClient,
    labeler: HttpLabeler,
    work: Mapping[str, Any],
    focus: float,
) -> Mapping[str, Any] | None:
    body = {"answer": labeler.answer(work["task"]["input"]), "focus_ms": round(1000 * focus)}
    response = await _post(client, labeler, f"/v1/work/{work['lease']['id']}/answer", body)
    if response is None:
        return work  # sent again: a repeated answer is counted once
    if response.status_code == httpx.codes.CONFLICT:
        labeler.refused += 1
        return None
    result = _object(response)
    labeler.answered += 1
    labeler.reason = result.get("reason")
    return result["next"] if isinstance(result["next"], dict) else None


async def _post(
    client: httpx.AsyncClient,
    labeler: HttpLabeler,
    path: str,
    body: Mapping[str, Any] | None = None,
) -> httpx.Response | None:
    """Send once; none where the service could not be reached, which is tried again after a pause."""
    headers = {"authorization": f"Bearer {labeler.key}"}
    try:
        return await client.post(path, headers=headers, json=body)
    except httpx.TransportError as error:
        labeler.errors.append(repr(error))
        await asyncio.sleep(SHORTEST_WAIT)
        return None


def _object(response: httpx.Response) -> Mapping[str, Any]:
    if response.is_error:
        raise RuntimeError(f"{response.request.url} answered {response.status_code}: {response.text[:500]}")
    result = response.json()
    assert isinstance(result, dict)
    return result


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but not past the end of the work."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=seconds)


def all_idle(labelers: Sequence[HttpLabeler], seconds: float) -> bool:
    """Whether nobody has got work for so long."""
    now = time.monotonic()
    return all(labeler.idle_since is not None and now - labeler.idle_since >= seconds for labeler in labelers)


def reasons(labelers: Sequence[HttpLabeler]) -> dict[str, int]:
    """Count why labelers have no work."""
    counts: dict[str, int] = {}
    for labeler in labelers:
        if labeler.reason is not None:
            counts[labeler.reason] = counts.get(labeler.reason, 0) + 1
    return counts


async def watch(every: float, stop: asyncio.Event, step: Callable[[], Awaitable[bool]]) -> None:
    """Call ``step`` again and again until it says that the work is over, then set ``stop``."""
    while not stop.is_set():
        if await step():
            stop.set()
            return
        await _sleep(every, stop)
