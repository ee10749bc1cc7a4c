"""The labeler's side of the loop: requests in groups, a transaction each, any failure its request's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import psycopg

from goldvein.domain.records import WorkRequest
from goldvein.services.dispatch import Desk
from goldvein.services.group import DeskMaker, Group, Result
from goldvein.services.leases import LeaseTokens
from goldvein.services.views import Views
from goldvein.store import projects
from goldvein.store.database import Database

_TRIES = 3


class WorkGroup:
    """Carries out groups of labelers' requests, one transaction a group; one thread at a time may call it.

    Parameters
    ----------
    db : Database
    desk : type of Desk
        What hands out; a replay of recorded answers brings one that hands out what the record says.
    panel_left : callable, optional
        For a task, how many of the panel can still be asked; counted among the trusted if not given.
    """

    def __init__(
        self, db: Database, *, desk: DeskMaker = Desk, panel_left: Callable[[int], int] | None = None
    ) -> None:
        self._db = db
        self._desk = desk
        self._panel_left = panel_left
        self._views = Views()
        with db.connection() as connection:
            self._tokens = LeaseTokens(projects.lease_key(connection))

    def handle(
        self, requests: Sequence[WorkRequest], now: datetime, rng: np.random.Generator
    ) -> list[Result]:
        """Carry out requests; a request that fails never fails its neighbours.

        Parameters
        ----------
        requests : sequence of WorkRequest
            Of each labeler one, or an answer and, after it, the deferral of another lease.

        Returns
        -------
        list of WorkResult or Exception
            In the order of the requests: a ``GoldveinError`` for what a request did wrong, any other
            exception for what went wrong with it here.

        Raises
        ------
        psycopg.OperationalError
            If the database is out of reach: nothing was stored.
        """
        try:
            return self._transact(requests, now, rng)
        except Exception as error:
            if _is_outage(error):
                raise
            if len(requests) == 1 and not isinstance(error, psycopg.errors.DeadlockDetected):
                return [error]
        return [self._alone(request, now, rng) for request in requests]

    def _alone(self, request: WorkRequest, now: datetime, rng: np.random.Generator) -> Result:
        """Carry out one request; PostgreSQL may end it again to free another one."""
        for _ in range(_TRIES):
            try:
                return self._transact([request], now, rng)[0]
            except psycopg.errors.DeadlockDetected as error:
                failed: Exception = error
            except Exception as error:
                if _is_outage(error):
                    raise
                return error
        return failed

    def _transact(
        self, requests: Sequence[WorkRequest], now: datetime, rng: np.random.Generator
    ) -> list[Result]:
        durable = any(request.kind != "next" for request in requests)
        with self._db.transaction(durable=durable) as tx:
            return Group(
                tx, self._views, self._tokens, requests, now, rng, self._desk, self._panel_left
            ).run()


def _is_outage(error: Exception) -> bool:
    out_of_reach = isinstance(error, psycopg.OperationalError)
    return out_of_reach and not isinstance(error, psycopg.errors.DeadlockDetected)
