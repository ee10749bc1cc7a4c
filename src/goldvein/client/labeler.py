"""The labeler's client: get work, answer it, get the next; blocking, and for asyncio."""

from dataclasses import dataclass
from typing import Any, Self

import httpx
import msgspec

from goldvein import wire
from goldvein.client.http import Ask, AsyncTransport, Transport

_work = msgspec.json.Decoder(wire.Work)
_answered = msgspec.json.Decoder(wire.Answered)
_renewed = msgspec.json.Decoder(wire.Renewed)
_practice = msgspec.json.Decoder(wire.Practice)
_feedback = msgspec.json.Decoder(wire.Feedback)


@dataclass(frozen=True, slots=True)
class NoWork:
    """Why there is no work now, and when to ask again."""

    reason: str
    retry_after: int


def _next(project: int | None) -> Ask:
    return Ask("POST", "/v1/work/next", {} if project is None else {"project": project})


def _said(choice: int | None) -> dict[str, Any]:
    return {"unanswerable": True} if choice is None else {"choice": choice}


def _answer(lease: str, choice: int | None, focus_ms: int | None, comment: str | None) -> Ask:
    more = {"focus_ms": focus_ms, "comment": comment}
    body = {"answer": _said(choice), **{name: value for name, value in more.items() if value is not None}}
    return Ask("POST", f"/v1/work/{lease}/answer", body)


def _dispute(lease: str, reason: str) -> Ask:
    return Ask("POST", f"/v1/work/{lease}/dispute", {"reason": reason})


def _practise(project: int) -> Ask:
    return Ask("POST", "/v1/practice/next", {"project": project})


def _practised(practice: str, choice: int | None) -> Ask:
    return Ask("POST", f"/v1/practice/{practice}/answer", {"answer": _said(choice)})


def _skip(lease: str, reason: str | None) -> Ask:
    return Ask("POST", f"/v1/work/{lease}/skip", {} if reason is None else {"reason": reason})


def _renew(lease: str) -> Ask:
    return Ask("POST", f"/v1/work/{lease}/renew")


def _defer(lease: str, kept: tuple[str, int | None] | None) -> Ask:
    body = {} if kept is None else {"kept": {"lease": kept[0], "answer": _said(kept[1])}}
    return Ask("POST", f"/v1/work/{lease}/defer", body)


def _given(response: httpx.Response) -> wire.Work | NoWork:
    if response.status_code == 204:
        reason = response.headers.get("Goldvein-Reason", "unknown")
        return NoWork(reason, int(response.headers.get("Retry-After", "5")))
    return _work.decode(response.content)


def _to_practise(response: httpx.Response) -> wire.Practice | None:
    return None if response.status_code == 204 else _practice.decode(response.content)


class LabelerClient:
    """One labeler at one server; ``choice`` None says that the task cannot be answered."""

    def __init__(
        self, base_url: str, api_key: str, *, patience: float = 30.0, http: httpx.Client | None = None
    ) -> None:
        self._transport = Transport(base_url, api_key, patience=patience, http=http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def next(self, project: int | None = None) -> wire.Work | NoWork:
        """Ask for work."""
        return _given(self._transport.send(_next(project)))

    def answer(
        self, lease: str, choice: int | None, *, focus_ms: int | None = None, comment: str | None = None
    ) -> wire.Answered:
        """Answer with a position as shown, from 0, and get the next piece of work; ``comment`` says why."""
        return _answered.decode(self._transport.send(_answer(lease, choice, focus_ms, comment)).content)

    def dispute(self, lease: str, reason: str) -> None:
        """Say that a task, once in hand, was unclear, or what is wrong with it."""
        self._transport.send(_dispute(lease, reason))

    def practise(self, project: int) -> wire.Practice | None:
        """Get a task to learn by; None if there is none that you have not had."""
        return _to_practise(self._transport.send(_practise(project)))

    def answer_practice(self, practice: str, choice: int | None) -> wire.Feedback:
        """Answer a practice task with a position as shown, and hear what is right."""
        return _feedback.decode(self._transport.send(_practised(practice, choice)).content)

    def skip(self, lease: str, *, reason: str | None = None) -> wire.Answered:
        """Hand the task back."""
        return _answered.decode(self._transport.send(_skip(lease, reason)).content)

    def renew(self, lease: str) -> wire.Lease:
        """Keep the task for longer."""
        return _renewed.decode(self._transport.send(_renew(lease)).content).lease

    def defer(self, lease: str, *, kept: tuple[str, int | None] | None = None) -> wire.Answered:
        """Keep the answer back for a few seconds, one at a time, and get the next piece of work now.

        ``kept`` sends the one that was kept back before: its lease, and the position as shown.
        """
        return _answered.decode(self._transport.send(_defer(lease, kept)).content)


class AsyncLabelerClient:
    """The same for asyncio; hundreds can share one ``http``."""

    def __init__(
        self, base_url: str, api_key: str, *, patience: float = 30.0, http: httpx.AsyncClient | None = None
    ) -> None:
        self._transport = AsyncTransport(base_url, api_key, patience=patience, http=http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def next(self, project: int | None = None) -> wire.Work | NoWork:
        """Ask for work."""
        return _given(await self._transport.send(_next(project)))

    async def answer(
        self, lease: str, choice: int | None, *, focus_ms: int | None = None, comment: str | None = None
    ) -> wire.Answered:
        """Answer with a position as shown, from 0, and get the next piece of work; ``comment`` says why."""
        response = await self._transport.send(_answer(lease, choice, focus_ms, comment))
        return _answered.decode(response.content)

    async def dispute(self, lease: str, reason: str) -> None:
        """Say that a task, once in hand, was unclear, or what is wrong with it."""
        await self._transport.send(_dispute(lease, reason))

    async def practise(self, project: int) -> wire.Practice | None:
        """Get a task to learn by; None if there is none that you have not had."""
        return _to_practise(await self._transport.send(_practise(project)))

    async def answer_practice(self, practice: str, choice: int | None) -> wire.Feedback:
        """Answer a practice task with a position as shown, and hear what is right."""
        return _feedback.decode((await self._transport.send(_practised(practice, choice))).content)

    async def skip(self, lease: str, *, reason: str | None = None) -> wire.Answered:
        """Hand the task back."""
        return _answered.decode((await self._transport.send(_skip(lease, reason))).content)

    async def renew(self, lease: str) -> wire.Lease:
        """Keep the task for longer."""
        return _renewed.decode((await self._transport.send(_renew(lease))).content).lease

    async def defer(self, lease: str, *, kept: tuple[str, int | None] | None = None) -> wire.Answered:
        """Keep the answer back for a few seconds, one at a time, and get the next piece of work now.

        ``kept`` sends the one that was kept back before: its lease, and the position as shown.
        """
        return _answered.decode((await self._transport.send(_defer(lease, kept))).content)
