"""Waiting for events without holding a connection: one look at the database serves all of a project."""

import asyncio
from collections import defaultdict

import psycopg

from goldvein.api.grouping import Overloaded
from goldvein.api.service import Service
from goldvein.domain.errors import GoldveinError
from goldvein.services import delivery


class Tails:
    """The ends of the projects' events, and those who wait for what comes next.

    Parameters
    ----------
    every : float
        Seconds between two looks at a project for which somebody waits.
    limit : int
        The most that may wait.
    """

    def __init__(self, service: Service, *, every: float = 0.2, limit: int = 5_000) -> None:
        self._service = service
        self._every = every
        self._limit = limit
        self._count = 0
        self._waiters: dict[int, dict[int, set[asyncio.Event]]] = defaultdict(lambda: defaultdict(set))
        self._watchers: dict[int, asyncio.Task[None]] = {}

    async def wait(self, project: int, after: int, seconds: float) -> None:
        """Return when the project has an event after this cursor, time is up or the server stops."""
        if self._count >= self._limit:
            raise Overloaded(
                "too many requests wait for events: ask again in a moment", retry_after_seconds=5
            )
        event = asyncio.Event()
        self._count += 1
        self._waiters[project][after].add(event)
        if project not in self._watchers:
            self._watchers[project] = asyncio.create_task(self._watch(project))
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._count -= 1
            self._waiters.get(project, {}).get(after, set()).discard(event)

    async def _watch(self, project: int) -> None:
        try:
            while self._waiters[project]:
                if await self._service.pause(self._every):
                    break
                await self._look(project)
        except (psycopg.OperationalError, GoldveinError):
            pass  # whoever waits looks for himself and meets it
        finally:
            del self._watchers[project]
            for events in self._waiters.pop(project).values():
                for event in events:
                    event.set()

    async def _look(self, project: int) -> None:
        last = await self._service.call(delivery.last_position, project)
        cursors = self._waiters[project]
        for after in [after for after, events in cursors.items() if after < last or not events]:
            for event in cursors.pop(after):
                event.set()
