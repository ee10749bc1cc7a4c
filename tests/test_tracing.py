"""Traces tell requests, groups and jobs, hold no secret, and cost nothing where there are none."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from goldvein import bootstrap
from goldvein.bootstrap import running_server
from goldvein.domain.records import TaskDraft
from goldvein.jobs import process
from goldvein.services import intake
from goldvein.settings import SettingError, read_settings
from goldvein.store.database import Database
from goldvein.tracing import Tracing
from tests.api.world import make_world
from tests.services.town import task_input


@dataclass
class Kept:
    """Traces that are kept in memory."""

    tracing: Tracing
    exporter: InMemorySpanExporter

    def spans(self) -> dict[str, ReadableSpan]:
        """The last span of each name."""
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Keep what is traced."""
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider)
    yield Kept(tracing, exporter)
    tracing.close()


def test_requests_and_groups_are_traced_by_route(database_url: str, kept: Kept) -> None:
    """Routes name spans, on the hot path too; neither a lease nor a key nor a task's text is in any."""
    with Database(database_url) as db, running_server(database_url, tracing=kept.tracing) as base:
        world = make_world(base, db)
        drafts = [TaskDraft(n, task_input(n, n % 4)) for n in range(3)]
        intake.push(db, world.project, drafts, None, datetime.now(UTC))
        with world.client("trusted") as client:
            work = client.post("/v1/work/next", json={}).json()
            lease = work["lease"]["id"]
            assert client.post(f"/v1/work/{lease}/answer", json={"answer": {"choice": 0}}).status_code == 200
            assert client.post(f"/v1/work/{lease}/nonsense/x", json={}).status_code == 404
        with world.client() as client:
            assert client.get(f"/v1/projects/{world.project}").status_code == 200
            assert client.get(f"/v1/projects/{world.project}/why-empty?secret=1").status_code == 200
    spans = kept.spans()
    assert {
        "POST /v1/work/next", "POST /v1/work/{lease}/answer", "POST", "group",
        "GET /v1/projects/{project}", "GET /v1/projects/{project}/why-empty",
    } == spans.keys()  # fmt: skip
    answered = spans["POST /v1/work/{lease}/answer"].attributes or {}
    assert answered["http.route"] == "/v1/work/{lease}/answer"
    assert answered["http.response.status_code"] == 200
    grouped = spans["group"].attributes or {}
    assert grouped == {"goldvein.requests.answer": 1, "goldvein.refused": 0}
    written = "".join(span.to_json() for span in kept.exporter.get_finished_spans())
    for secret in (lease, world.keys["trusted"], "secret", "right 0"):
        assert secret not in written


def test_loops_and_jobs_are_traced(database_url: str, kept: Kept) -> None:
    """A worker's loops have a span a turn, and so has each scheduled job."""
    settings, stop = read_settings({"GOLDVEIN_SHUTDOWN_SECONDS": "5"}), threading.Event()
    wanted = {"loop webhooks", "loop sweeps", "loop meter"}
    with Database(database_url) as db:
        worker = threading.Thread(target=process.run, args=(db, settings, stop, kept.tracing))
        worker.start()
        pause = threading.Event()
        for _ in range(300):
            if wanted <= kept.spans().keys():
                break
            pause.wait(0.1)
        stop.set()
        worker.join()
    assert wanted <= kept.spans().keys()


def test_what_fails_is_told_as_failed(kept: Kept) -> None:
    """An exception passes on; its span tells the kind of error and none of its words."""

    def fail() -> None:
        raise RuntimeError("a task's text")

    with pytest.raises(RuntimeError):
        kept.tracing.loop("one", fail)()
    span = kept.spans()["loop one"]
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {"error.type": "RuntimeError"}
    assert "a task's text" not in span.to_json()


def test_nothing_is_loaded_where_nothing_is_traced() -> None:
    """Without the setting, no part of OpenTelemetry is imported."""
    program = (
        "import sys; from goldvein import bootstrap; from goldvein.settings import read_settings\n"
        "with bootstrap.traces(read_settings({})) as tracing: assert tracing is None\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for traces without the library is told what to install."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    asked = read_settings({"GOLDVEIN_TRACING": "yes"})
    with pytest.raises(SettingError, match="otel"), bootstrap.traces(asked):
        pass
