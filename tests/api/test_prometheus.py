"""/metrics: what was sampled, for operators and networks that the settings name; and a dashboard of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from goldvein.api.prometheus import DASHBOARD, names
from goldvein.api.scrapers import Scrapers
from goldvein.bootstrap import make_service, running_server
from goldvein.domain.metrics import METRICS
from goldvein.services.metering import Meter
from goldvein.settings import SettingError, read_settings
from goldvein.store.database import Database
from tests.api.world import World, make_world
from tests.services.sleepers import SLEEPY
from tests.services.town import Town, knows


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(world: World, role: str | None = "operator", **headers: str) -> httpx.Response:
    with world.client(role) as client:
        return client.get("/metrics", headers=headers)


@contextmanager
def opened(database_url: str, networks: str, **more: str) -> Iterator[World]:
    """A server whose metrics these networks read without a key."""
    settings = read_settings({"GOLDVEIN_METRICS_FROM": networks, **more})
    with Database(database_url) as db, running_server(database_url, settings) as base:
        yield make_world(base, db)


def test_what_was_sampled_is_told(world: World) -> None:
    """Metrics, levels and standings of a project that works are those of its last sample; nobody is named."""
    town = Town(world.db, SLEEPY)
    town.open_by_hand(60)
    for n in range(5):
        town.hire(f"somebody {n}", knows(0.97))
    town.push(400)
    town.run(60)
    meter = Meter(world.db)
    meter.catch_up()
    town.wait(1)
    meter.step(town.now)
    answer = scraped(world)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found, project = values(answer.text), ("project", str(town.project.id))
    answers, right = town.rows(
        "SELECT sum(benchmark_answers), sum(benchmarks_right) FROM figures "
        f"WHERE span = 1 AND at > '{town.now.isoformat()}'::timestamptz - interval '1 hour'"
    )[0]
    assert found["goldvein_benchmark_pass_rate", (project,)] == right / answers
    evidence = (("metric", "benchmark_pass_rate"), ("part", "all"), project)
    assert found["goldvein_evidence", evidence] == answers
    assert found["goldvein_active_labelers", (project,)] == 5
    assert found["goldvein_standings", (project, ("state", "admitted"))] == 5
    assert found["goldvein_project_info", (("name", "texts"), project, ("state", "open"))] == 1
    assert found["goldvein_sample_age_seconds", (project,)] > 0
    assert "goldvein_process_cpu_seconds_total" in answer.text
    assert "somebody" not in answer.text
    told = {name for name, _ in found if name.startswith("goldvein_") and "process" not in name}
    assert told <= names()
    assert {f"goldvein_{name}" for name in METRICS} <= names()


def test_a_project_that_nobody_samples_is_told_of(database_url: str) -> None:
    """Without a sample a project has a name and its alerts, and no figures that would look like zeros."""
    with opened(database_url, "") as world:
        found = values(scraped(world).text)
    own = {name for name, labels in found if ("project", str(world.project)) in labels}
    assert own == {"goldvein_project_info", "goldvein_open_alerts"}


def test_without_a_network_it_takes_an_operators_key(world: World) -> None:
    """As installed, nobody else reads metrics, from wherever."""
    assert scraped(world).status_code == 200
    assert scraped(world, None).status_code == 401
    assert scraped(world, "customer").status_code == 403


def test_a_named_network_needs_no_key_and_a_proxy_does_not_pass_for_it(database_url: str) -> None:
    """Whom an unknown proxy speaks for is not local, wherever the proxy stands."""
    with opened(database_url, "127.0.0.1/32, ::1/128") as world:
        assert scraped(world, None).status_code == 200
        assert scraped(world, None, **{"X-Forwarded-For": "127.0.0.1"}).status_code == 401
        assert scraped(world, "operator", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 200
        with world.client(None) as client:
            assert client.get("/v1/projects").status_code == 401


def test_a_known_proxy_says_who_comes(database_url: str) -> None:
    """Behind a proxy of the settings, the client counts whom it speaks for."""
    with opened(database_url, "10.0.0.0/8", GOLDVEIN_PROXIES="127.0.0.1") as world:
        assert scraped(world, None, **{"X-Forwarded-For": "10.1.2.3"}).status_code == 200
        assert scraped(world, None, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 401
        assert scraped(world, None).status_code == 401


def test_what_is_no_network_is_refused_at_the_start(db: Database) -> None:
    """A typing error opens nothing."""
    with pytest.raises(SettingError, match="GOLDVEIN_METRICS_FROM"):
        make_service(db, read_settings({"GOLDVEIN_METRICS_FROM": "here"}))


def test_whoever_has_no_address_has_no_network() -> None:
    """A socket without an address, or with words for one, is nobody's."""
    scrapers = Scrapers.of("0.0.0.0/0", "")
    assert scrapers.have({"client": ("192.0.2.1", 1), "headers": []})
    assert not scrapers.have({"client": None, "headers": []})
    assert not scrapers.have({"client": ("testclient", 1), "headers": []})


def queries(node: Any) -> Iterator[str]:
    """Every query of a dashboard."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in {"expr", "query"} and isinstance(value, str):
                yield value
            yield from queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from queries(value)


def test_the_dashboard_asks_for_what_there_is() -> None:
    """Every name in a query of the ready dashboard is exported, and every metric stands on it."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    asked = [name for query in queries(dashboard) for name in re.findall(r"goldvein_[a-z0-9_]+", query)]
    assert set(asked) <= names()
    assert {f"goldvein_{name}" for name in METRICS} <= set(asked)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in dashboard["panels"])
