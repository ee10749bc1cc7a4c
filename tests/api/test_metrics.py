"""Metrics over HTTP: one's own project's, over the time and by the spans that are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from goldvein.client import GoldveinClient
from goldvein.domain.metrics import METRICS
from goldvein.services.metering import Meter
from goldvein.store.figures import begin
from tests.api.world import World

INSERT = """
    INSERT INTO log (project, at, kind, labeler, task, stage, choice, shown, decision)
    VALUES (%s, %s, 'answer', %s, %s, %s, %s, '{0,1,2}', %s)"""


@pytest.fixture(scope="module")
def answered(world: World) -> datetime:
    """Ten tasks of our project have a label each, and a second answer: for two of them, another one."""
    now = datetime.now(UTC)
    with world.db.transaction() as tx:
        for task in range(10):
            tx.execute(INSERT, (world.project, now, 1, task, "label", 1, "deliver"))
            tx.execute(INSERT, (world.project, now, 2, task, "decoy", 1 if task < 8 else 2, "decoy"))
    Meter(world.db).catch_up()
    return now


def test_a_customer_reads_its_series(world: World, answered: datetime) -> None:
    """Each series says what it is; each point has its evidence, and agreement its interval."""
    with GoldveinClient(world.base, world.keys["customer"]) as client:
        found = client.metrics(world.project, "agreement_raw", "throughput_per_hour", "held_share", span=10)
    series = {(one.metric, one.part): one for one in found.series}
    assert series.keys() == {
        ("throughput_per_hour", ""), ("held_share", ""), ("agreement_raw", ""), ("agreement_raw", "decoys"),
    }  # fmt: skip
    (point,) = series["agreement_raw", "decoys"].points
    assert point.at == begin(answered, 10)
    assert (point.value, point.evidence) == (0.8, 10)
    assert point.low is not None
    assert point.high is not None
    assert 0.4 < point.low < 0.8 < point.high < 1
    (held,) = series["held_share", ""].points
    assert (held.value, held.evidence, held.low) == (0, 10, None)
    assert series["held_share", ""].meaning == METRICS["held_share"].meaning


def test_a_window_is_what_is_asked_for(world: World, answered: datetime) -> None:
    """Before it there is nothing; without names all metrics are told."""
    with GoldveinClient(world.base, world.keys["operator"]) as client:
        every = client.metrics(world.project, since=answered - timedelta(hours=1))
        before = client.metrics(world.project, since=answered - timedelta(days=2), until=begin(answered, 60))
    assert {"benchmark_share", "agreement_ac1"} <= {one.metric for one in every.series} <= METRICS.keys()
    assert before.series == []


def test_what_cannot_be_told_is_refused_by_its_parameter(world: World) -> None:
    """Names, spans and moments that make no sense are 422, another's project is 404."""
    path = f"/v1/projects/{world.project}/metrics"
    with world.client() as client:
        for asked, code, parameter in (
            ({"names": "mood"}, "invalid_parameter", "names"),
            ({"span": "0"}, "invalid_parameter", "span"),
            ({"span": "1", "since": "2026-01-01T00:00:00Z"}, "invalid_parameter", "span"),
            ({"since": "2026-01-01T00:00:00"}, "moment_without_zone", "since"),
            ({"since": "0001-01-01T00:00:00Z", "until": "0001-01-01T00:00:00Z"}, "invalid_parameter", "span"),
        ):
            answer = client.get(path, params=asked)
            assert answer.status_code == 422, answer.text
            problem = answer.json()
            assert (problem["code"], problem["errors"][0]["parameter"]) == (code, parameter)
        foreign = client.get(f"/v1/projects/{world.other_project}/metrics")
        ages = {"since": "9999-12-31T23:59:59Z", "until": "9999-12-31T23:59:59Z", "span": "10080"}
        assert client.get(path, params=ages).json()["series"] == []
    assert foreign.status_code == 404
