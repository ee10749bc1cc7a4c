"""The suite of `perf.incidents`, small: every incident is found, and quiet weeks are quiet."""

from __future__ import annotations

import numpy as np
import pytest

from goldvein.sim.incident.operation import BUSY, INCIDENTS, PER_DAY, SPAN, START, Incident, play
from goldvein.sim.incident.watched import Told, watch, watch_webhook

AT = 25 * PER_DAY + 12 * 6
"""Noon of a Friday."""
EXPECTED: dict[Incident, str] = {
    "the shortcut of 2019": "answer_seconds_p50 low",
    "bot wave": "answer_seconds_spread high",
    "stalled customer": "customer silent",
    "dead webhook": "webhook dead",
    "shrinking workforce": "active_labelers low",
    "wrong instructions": "agreement_raw low",
}
"""An alert that names what happened; others may come first."""


def told_of(incident: Incident | None) -> list[Told]:
    played = play(np.random.default_rng(11), BUSY, 5, incident, AT)
    return [*watch(played, first_day=21), *watch_webhook(np.random.default_rng(1), played)]


@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_is_found_by_a_rule_that_names_it(incident: Incident) -> None:
    """Within five days there is an alert whose words lead to what happened."""
    began = START + SPAN * AT
    found = [one for one in told_of(incident) if one.rule == EXPECTED[incident] and one.opened >= began]
    assert found
    assert found[0].opened <= began + 5 * 86_400


def test_the_shortcut_is_found_before_quality_dips() -> None:
    """In 2019 times fell a day before the pass rate did: the alert on times comes first."""
    opened = {one.rule: one.opened for one in reversed(told_of("the shortcut of 2019"))}
    assert opened["answer_seconds_p50 low"] < opened.get("benchmark_pass_rate low", np.inf)
    assert opened["answer_seconds_p50 low"] < START + SPAN * (AT + PER_DAY)


def test_quiet_weeks_are_quiet() -> None:
    """Six weeks of a busy project: at most one alert in three of them."""
    told = watch(play(np.random.default_rng(12), BUSY, 9), first_day=21)
    assert len(told) <= 2
