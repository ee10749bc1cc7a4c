"""Alerts over the API: read, acknowledged, muted; rules and channels changed by operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from goldvein.services.alarms import open_alarm
from tests.api.world import World

CHANNELS = "/v1/alert-channels"


@pytest.fixture
def operator(world: World) -> Iterator[httpx.Client]:
    with world.client("operator") as client:
        yield client


def alarm(world: World, subject: str) -> int:
    with world.db.transaction() as tx:
        made = open_alarm(tx, world.project, "low", subject, {"value": 0.5}, datetime.now(UTC))
    assert made is not None
    return made


def test_alerts_are_listed_by_pages_and_explained(world: World, operator: httpx.Client) -> None:
    """The latest first, each with its words; a page ends with what to ask with for the next one."""
    ids = [alarm(world, metric) for metric in ("held_share", "late_share", "agreement_raw")]
    page = operator.get("/v1/alerts", params={"open": True, "project": world.project, "limit": 2}).json()
    assert [one["id"] for one in page["alerts"]] == ids[:0:-1]
    assert page["alerts"][0]["title"] == "people agree less"
    assert page["alerts"][0]["page"].endswith(f"/operate/{world.project}/alerts/{ids[2]}")
    rest = operator.get("/v1/alerts", params={"before": page["next"], "limit": 2}).json()
    assert ids[0] in [one["id"] for one in rest["alerts"]]
    look = operator.get(f"/v1/projects/{world.project}/alerts/{ids[0]}").json()
    assert look["alert"]["detail"] == {"value": 0.5}
    assert look["notices"] == []


def test_an_alert_is_acknowledged_and_muted(world: World, operator: httpx.Client) -> None:
    """Both say who and until when; none of another project's is there."""
    place = f"/v1/projects/{world.project}/alerts/{alarm(world, 'withdrawn_share')}"
    found = operator.post(f"{place}/acknowledge").json()
    assert found["acknowledged_by"].startswith("API key ")
    assert operator.post(f"{place}/mute", json={"hours": 8}).json()["muted_until"] is not None
    assert operator.post(f"{place}/mute", json={"hours": 0}).json()["muted_until"] is None
    assert operator.post(f"{place}/mute", json={"hours": 1000}).status_code == 422
    elsewhere = operator.post(
        place.replace(f"/{world.project}/", f"/{world.other_project}/") + "/acknowledge"
    )
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "alert_unknown")


def test_rules_are_read_and_changed(world: World, operator: httpx.Client) -> None:
    """What is left out stays; null is the default again; a stale version and a wrong bound are refused."""
    place = f"/v1/projects/{world.project}/alert-rules"
    before = operator.get(place).json()
    assert (before["version"], before["overrides"]) == (0, {})
    asked = {"rules": {"benchmark_pass_rate": {"low": 0.7}}, "version": 0}
    changed = operator.patch(place, json=asked).json()
    (rule,) = [one for one in changed["rules"] if one["metric"] == "benchmark_pass_rate"]
    assert (rule["low"], rule["sides"], rule["source"]) == (0.7, ["low"], "fixed")
    stale = operator.patch(place, json={"rules": {"held_share": {"on": False}}, "version": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "rules_changed")
    wrong = operator.patch(place, json={"rules": {"held_share": {"range": "fixed", "high": 3}}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_rule")
    nothing = operator.patch(place, json={"rules": {"held_shares": None}})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "unknown_metric")
    again = operator.patch(place, json={"rules": {"benchmark_pass_rate": None}}).json()
    assert again["overrides"] == {}


def test_channels_are_made_tested_and_removed(world: World, operator: httpx.Client) -> None:
    """Secrets are not told again; where no server for e-mail is set that is said."""
    mail = operator.post(CHANNELS, json={"kind": "email", "target": "op@label.example"})
    assert (mail.status_code, mail.json()["code"]) == (422, "no_mail_server")
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    made = operator.post(CHANNELS, json={"kind": "apprise", "target": url})
    assert made.status_code == 201
    listed = operator.get(CHANNELS)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in made.text + listed.text
    assert made.json() in listed.json()["channels"]
    assert operator.delete(f"{CHANNELS}/{made.json()['id']}").status_code == 204
    gone = operator.post(f"{CHANNELS}/{made.json()['id']}/test")
    assert (gone.status_code, gone.json()["code"]) == (404, "channel_unknown")
