"""What every handler needs: the database, threads for services, who asks, and the group of work requests."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

import psycopg
from litestar import Request

from goldvein.api.allowance import Allowance
from goldvein.api.grouping import Grouper, Overloaded
from goldvein.api.keyring import Keyring
from goldvein.api.pace import Pace
from goldvein.api.scrapers import Scrapers
from goldvein.domain.records import Principal
from goldvein.services.forgetting import Spans
from goldvein.services.outbound import Outbound
from goldvein.services.telling import Messenger
from goldvein.store.database import Database

if TYPE_CHECKING:
    from goldvein.services.openid import OpenId  # knows an optional library

P = ParamSpec("P")
R = TypeVar("R")
Call = Request[Principal, Any, Any]
"""A request whose sender is known."""
HASHES_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core for some 50 ms."""
HASHES_WAITING: Final = 100


class Service:
    """One API process: made by bootstrap, shared by its handlers.

    Parameters
    ----------
    db : Database
        Where services work. One connection of its pool is left to the groups.
    grouper : Grouper
        Carries out what labelers ask.
    outbound : Outbound
        Sends a webhook's test message.
    threads : int
        Services that run at once.
    waiting_limit : int
        Calls that may wait for a thread; more are refused.
    step_seconds : float
        What labelers ask is answered at an even pace of such steps; 0: at once.
    public_url : str
        Where people find the pages, for links that are passed on; empty: wherever the request came to.
    tries_per_minute : int
        How often one address may try to get in.
    open_id : OpenId, optional
        The provider of single sign-on.
    scrapers : Scrapers
        Who reads metrics without a key.
    messenger : Messenger, optional
        What telling of alerts needs; without one there is no e-mail.
    spans : Spans
        For how long what is kept, to be told.
    """

    def __init__(
        self,
        db: Database,
        grouper: Grouper,
        outbound: Outbound,
        *,
        threads: int = 7,
        waiting_limit: int = 1_000,
        allow_private_webhooks: bool = False,
        step_seconds: float = 0.0,
        public_url: str = "",
        tries_per_minute: int = 30,
        open_id: "OpenId | None" = None,
        scrapers: Scrapers = Scrapers(),  # noqa: B008  (frozen)
        messenger: Messenger | None = None,
        spans: Spans = Spans(),  # noqa: B008  (frozen)
    ) -> None:
        self.db = db
        self.grouper = grouper
        self.outbound = outbound
        self.allow_private_webhooks = allow_private_webhooks
        self.public_url = public_url.rstrip("/")
        self.pace = Pace(step_seconds)
        self.keyring = Keyring(self.call)
        self.open_id = open_id
        self.scrapers = scrapers
        self.spans = spans
        self.messenger = messenger or Messenger(None, public_url.rstrip("/"), allow_private_webhooks)
        self.allowance = Allowance(tries_per_minute)
        self.closing = asyncio.Event()
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        self._hashes = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="goldvein-api")
        self._calls = 0
        self._outward = 0
        self._outward_limit = max(1, threads // 3)
        self._calls_limit = threads + waiting_limit

    def now(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell a time that only runs forward, to wait by."""
        return time.monotonic()

    async def call(
        self, function: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a service in a thread.

        Raises
        ------
        Overloaded
            If too many calls wait for a thread.
        """
        return await self.run(partial(function, self.db, *args, **kwargs))

    async def run(self, work: Callable[[], R]) -> R:
        """Run anything that blocks in a thread."""
        if self._calls >= self._calls_limit:
            raise Overloaded(retry_after_seconds=1)
        self._calls += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except psycopg.OperationalError:
            self._executor.submit(self.db.reset)
            raise
        finally:
            self._calls -= 1

    @contextmanager
    def outward(self) -> Iterator[None]:
        """Around a call that waits for somebody else's server: those together never take all threads.

        Raises
        ------
        Overloaded
            If as many as may are under way.
        """
        if self._outward >= self._outward_limit:
            raise Overloaded(
                "too many requests to other servers are under way: ask again soon", retry_after_seconds=5
            )
        self._outward += 1
        try:
            yield
        finally:
            self._outward -= 1

    async def call_hashing(
        self, function: Callable[Concatenate[Database, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a service that hashes a password: few at once, the others wait without holding a thread.

        Raises
        ------
        Overloaded
            If too many wait.
        """
        if self._hashes >= HASHES_WAITING:
            raise Overloaded("many people are signing in: try again in a moment", retry_after_seconds=5)
        self._hashes += 1
        try:
            async with self._hashing:
                return await self.call(function, *args, **kwargs)
        finally:
            self._hashes -= 1

    async def pause(self, seconds: float) -> bool:
        """Wait without holding anything; true as soon as the server is asked to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Give the threads back, and hang up on other people's servers."""
        self._executor.shutdown(wait=False)
        self.outbound.close()


def service_of(request: Request[Any, Any, Any]) -> Service:
    """Find the service behind a request."""
    service: Service = request.app.state.service
    return service
