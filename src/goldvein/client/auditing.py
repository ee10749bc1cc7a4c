"""Auditing by the client: benchmarks in doubt, and labelers' tasks, answered blindly."""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from goldvein import wire
from goldvein.client.http import Ask, Transport

T = TypeVar("T")


class AuditCalls:
    """What auditors do; ``choice`` is the place of an option as shown, None says that the task is unclear."""

    _transport: Transport

    def doubts(self, project: int | None = None) -> Iterator[wire.AuditItem]:
        """Iterate over benchmarks in doubt, oldest first, without those in other auditors' hands."""
        params: dict[str, Any] = {"limit": 100, **({} if project is None else {"project": project})}
        while True:
            ask = Ask("GET", "/v1/audit/benchmarks", params=params)
            page = msgspec.json.decode(self._transport.send(ask).content, type=wire.AuditQueue)
            yield from page.items
            if page.next is None:
                return
            params["after"] = page.next

    def next_doubt(self, *, project: int | None = None, after: str | None = None) -> wire.AuditItem | None:
        """Take the next benchmark in doubt in hand for 15 minutes, ``after`` the ``place`` of another one."""
        asked = wire.AuditNext(project=project, after=after)
        return self._next("/v1/audit/benchmarks/next", asked, wire.AuditItem)

    def claim_doubt(self, project: int, task: int) -> wire.AuditItem:
        """Take a benchmark in doubt in hand for 15 minutes, or keep it longer."""
        ask = Ask("POST", f"/v1/audit/benchmarks/{project}/{task}/claim")
        return msgspec.json.decode(self._transport.send(ask).content, type=wire.AuditItem)

    def answer_doubt(
        self, project: int, task: int, choice: int | None, *, comment: str | None = None
    ) -> wire.AuditVerdict:
        """Say what the right answer is, and hear what was hidden."""
        said = wire.AuditAnswer(answer=_said(choice), unclear=choice is None, comment=comment)
        # Sent once: after the first answer it is in doubt no more.
        ask = Ask("POST", f"/v1/audit/benchmarks/{project}/{task}/answer", said, repeatable=False)
        return msgspec.json.decode(self._transport.send(ask).content, type=wire.AuditVerdict)

    def release_doubt(self, project: int, task: int) -> None:
        """Give a benchmark in doubt back unjudged."""
        self._transport.send(Ask("POST", f"/v1/audit/benchmarks/{project}/{task}/release"))

    def comment_doubt(self, project: int, task: int, comment: str) -> None:
        """Add a word to a judgement of your own, once all is known."""
        said = wire.AuditComment(comment=comment)
        self._transport.send(Ask("POST", f"/v1/audit/benchmarks/{project}/{task}/comment", said))

    def next_second(self, *, project: int | None = None, after: str | None = None) -> wire.SecondAsked | None:
        """Take the next task to answer a second time in hand for 15 minutes; None where none waits."""
        asked = wire.SecondNext(project=project, after=after)
        return self._next("/v1/audit/work/next", asked, wire.SecondAsked)

    def renew_second(self, project: int, piece: int) -> wire.SecondRenewed:
        """Keep a task in hand for another 15 minutes."""
        ask = Ask("POST", f"/v1/audit/work/{project}/{piece}/renew")
        return msgspec.json.decode(self._transport.send(ask).content, type=wire.SecondRenewed)

    def answer_second(self, project: int, piece: int, choice: int | None) -> None:
        """Say what the right answer is."""
        said = wire.SecondAnswer(answer=_said(choice), unclear=choice is None)
        # Sent once: after the first answer it is in nobody's hands.
        self._transport.send(Ask("POST", f"/v1/audit/work/{project}/{piece}/answer", said, repeatable=False))

    def release_second(self, project: int, piece: int) -> None:
        """Give a task back unanswered; somebody else answers it."""
        self._transport.send(Ask("POST", f"/v1/audit/work/{project}/{piece}/release"))

    def _next(self, path: str, asked: wire.AuditNext | wire.SecondNext, shape: type[T]) -> T | None:
        response = self._transport.send(Ask("POST", path, asked))
        return None if response.status_code == 204 else msgspec.json.decode(response.content, type=shape)


def _said(choice: int | None) -> dict[str, Any] | None:
    return None if choice is None else {"choice": choice}
