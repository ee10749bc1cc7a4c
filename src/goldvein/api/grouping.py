"""Group commit: requests that arrive while a transaction is in flight share the next one.

One dedicated thread carries out one group at a time. Whoever comes meanwhile waits in a queue; when the group
is done, all of them go together. Under light load a group is one request and nobody waits; under heavy load
one transaction serves hundreds, and costs little more than one.
"""

import asyncio
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from goldvein.domain.errors import GoldveinError
from goldvein.domain.records import WorkRequest, WorkResult

Outcome: TypeAlias = WorkResult | Exception
Handle: TypeAlias = Callable[[Sequence[WorkRequest]], Sequence[Outcome]]
_Waiting: TypeAlias = tuple[WorkRequest, "asyncio.Future[Outcome]"]
_ONE_STEP: Final = ("answer", "defer")
_LATER: Final = "later"


class Overloaded(GoldveinError):
    """Too many requests are waiting: send this one again in a moment."""

    status = 503
    code = "overloaded"


class Grouper:
    """Gathers work requests of one event loop into groups.

    Parameters
    ----------
    handle : callable
        Carries out a group in one transaction. Called in one thread, one group at a time; each group holds
        one request of a labeler, or an answer and the deferral that follows it.
    size : int
        The most requests in a group.
    waiting_limit : int
        The most requests that may wait; more are refused with `Overloaded`.
    labeler_limit : int
        The most of them that may be one labeler's: a group takes few of each, so nobody can fill the queue.
    """

    def __init__(
        self, handle: Handle, *, size: int = 256, waiting_limit: int = 4096, labeler_limit: int = 8
    ) -> None:
        self._handle = handle
        self._size = size
        self._waiting_limit = waiting_limit
        self._labeler_limit = labeler_limit
        self._waiting_of: Counter[int] = Counter()
        self._waiting: deque[_Waiting] = deque()
        self._groups: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._busy = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="goldvein-group", daemon=True)

    def start(self) -> None:
        """Begin to work for the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """End the thread once the group in flight is done."""
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    async def submit(self, request: WorkRequest) -> WorkResult:
        """Carry out one request together with those that wait.

        Raises
        ------
        Overloaded
            If too many are waiting, or too many of this labeler.
        GoldveinError
            What this request alone did wrong.
        """
        own = self._waiting_of[request.labeler]
        if len(self._waiting) >= self._waiting_limit or own >= self._labeler_limit:
            raise Overloaded(retry_after_seconds=1)
        assert self._loop is not None, "the grouper has not been started"
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting.append((request, future))
        self._waiting_of[request.labeler] = own + 1
        if not self._busy:
            self._busy = True
            # Not at once: requests that the loop has read already come into the same group.
            self._loop.call_soon(self._dispatch)
        outcome = await future
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _dispatch(self) -> None:
        group = self._next_group()
        self._busy = bool(group)
        if group:
            self._groups.put(group)

    def _next_group(self) -> list[_Waiting]:
        """Take the oldest requests, without those that nobody waits for any more.

        Of each labeler one, or an answer and the deferral that follows it: one step of somebody who keeps
        answers back.
        """
        group: list[_Waiting] = []
        later: list[_Waiting] = []
        taken: dict[int, str] = {}
        while self._waiting and len(group) < self._size:
            waiting = self._waiting.popleft()
            request, future = waiting
            follows = taken.get(request.labeler)
            if follows is not None and (follows, request.kind) != _ONE_STEP and not future.done():
                taken[request.labeler] = _LATER  # what comes after it comes after it
                later.append(waiting)
                continue
            self._forget(request.labeler)
            if not future.done():
                taken[request.labeler] = request.kind
                group.append(waiting)
        self._waiting.extendleft(reversed(later))
        return group

    def _forget(self, labeler: int) -> None:
        """Count one waiting request of a labeler less; who has none costs no memory."""
        self._waiting_of[labeler] -= 1
        if not self._waiting_of[labeler]:
            del self._waiting_of[labeler]

    def _work(self) -> None:
        while (group := self._groups.get()) is not None:
            outcomes = self._outcomes([request for request, _ in group])
            assert self._loop is not None
            try:
                self._loop.call_soon_threadsafe(self._resolve, group, outcomes)
            except RuntimeError:  # the loop was closed under a group in flight: nobody waits for it
                return

    def _outcomes(self, requests: Sequence[WorkRequest]) -> Sequence[Outcome]:
        try:
            return self._handle(requests)
        except Exception as error:  # noqa: BLE001 - the database is out of reach: all who wait are told
            return [error] * len(requests)

    def _resolve(self, group: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        self._dispatch()
        for (_, future), outcome in zip(group, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)
