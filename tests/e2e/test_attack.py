"""The self-attack, small: over HTTP it finds no benchmark by form, and every one where a tell is planted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from goldvein.bootstrap import running_server
from goldvein.domain.records import Work, WorkRequest, WorkResult
from goldvein.services.work import WorkGroup
from goldvein.sim.attack import features
from goldvein.sim.attack.evenness import evenness
from goldvein.sim.attack.operation import Plan, Recording, record
from goldvein.sim.attack.telling import Telling, tell
from goldvein.store.embedded import EmbeddedServer

pytestmark = pytest.mark.slow

PLAN = Plan(items=1_500, warm=0.0, people=16, think=0.03, nights=(), policy={"rate_floor": 0.1}, minutes=10)


class Leaking(WorkGroup):
    """A service with a bug: a space more in the instruction of every benchmark."""

    def handle(
        self, requests: Sequence[WorkRequest], now: datetime, rng: np.random.Generator
    ) -> list[WorkResult | Exception]:
        return [self._marked(result) for result in super().handle(requests, now, rng)]

    def _marked(self, result: WorkResult | Exception) -> WorkResult | Exception:
        if not isinstance(result, WorkResult) or not isinstance(result.next, Work):
            return result
        with self._db.connection() as tx:
            row = tx.execute(
                "SELECT stage FROM attempts WHERE project = %s AND id = %s",
                self._tokens.open(result.next.lease)[:2],
            ).fetchone()
        assert row is not None
        if row[0] != "benchmark":
            return result
        return replace(result, next=replace(result.next, instruction=result.next.instruction + " "))


@contextmanager
def leaking(url: str) -> Iterator[str]:
    with running_server(url, make_group=Leaking) as base_url:
        yield base_url


def told_by_form(recording: Recording) -> Telling:
    is_benchmark = np.array([one.is_benchmark for one in recording.seen])
    people = np.array([one.sighting.labeler for one in recording.seen])
    found = tell(features.payload(recording.seen)[0], is_benchmark, people)
    assert found is not None
    return found


def test_form_and_time_tell_nothing(embedded_server: EmbeddedServer) -> None:
    """The interval of what form and time tell reaches down to chance; nobody saw anything twice."""
    recording = record(embedded_server.url, PLAN)
    assert sum(one.is_benchmark for one in recording.seen) > 150
    assert told_by_form(recording).low <= 0.55
    assert recording.verified
    assert recording.twice == []
    found = evenness(recording)
    assert found["p"] > 1e-6, found
    assert found["active_without_benchmarks"] == 0


def test_a_planted_tell_is_found(embedded_server: EmbeddedServer) -> None:
    """One space too many is enough."""
    found = told_by_form(record(embedded_server.url, PLAN, serving=leaking))
    assert found.low > 0.95
