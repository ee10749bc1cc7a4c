"""The table of docs/alerts.md: what the alert rules say of simulated incidents, and of quiet weeks.

    python -m perf.incidents [--weeks 20] [--seeds 5] [--json FILE]

Each incident befalls a busy, a small and a nightly project after four quiet weeks, at a random moment of its
working hours. It is detected by the first alert that opens within a week of its beginning and would not have
opened without it: the same project is played twice, with the same randomness up to the incident. False alerts
are those of quiet weeks, after the three weeks that ranges are learned from.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.decisions.alerting import FALSE_PER_WEEK, PAST_DAYS
from goldvein.sim.incident.operation import INCIDENTS, KINDS, PER_DAY, SPAN, START, Incident, Kind, play
from goldvein.sim.incident.watched import Told, watch, watch_webhook

QUIET_WEEKS = 4
WEEKS = QUIET_WEEKS + 2
WEEK = 7 * 86_400.0
HEAD = (
    "| incident | project | detected | hours: median | longest | first told by |\n|---|---|---|---|---|---|"
)
QUIET_HEAD = (
    "\n| project | quiet project-weeks | false alerts | in a project-week | by | in the first three weeks |\n"
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of one incident; hours until the first alert, or none."""

    incident: str
    kind: str
    seed: int
    rule: str | None
    hours: float | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet weeks of one kind of project, and the false alerts in them by rule."""

    kind: str
    project_weeks: float
    false_alerts: dict[str, int]
    first_weeks: float
    in_first_weeks: int

    @property
    def per_week(self) -> float:
        """False alerts in a project-week."""
        return sum(self.false_alerts.values()) / self.project_weeks


def detect(incident: Incident, kind: Kind, seed: int) -> Detection:
    """Play one incident and find the first alert that it causes."""
    at = _begin(kind, seed)
    played = play(np.random.default_rng([seed, 2]), kind, WEEKS, incident, at)
    began = START + SPAN * at
    told = [*watch(played, first_day=PAST_DAYS), *watch_webhook(np.random.default_rng([seed, 3]), played)]
    found = _first(told, began, _known(kind, seed))
    hours = (found.opened - began) / 3600 if found else None
    return Detection(incident, kind.name, seed, found.rule if found else None, hours)


def _begin(kind: Kind, seed: int) -> int:
    """The span with which incidents begin: on a working day after the quiet weeks, in working hours."""
    rng = np.random.default_rng([seed, 1])
    hour = kind.hours[0] + float(rng.uniform(0.15, 0.6)) * (kind.hours[1] - kind.hours[0])
    return (QUIET_WEEKS * 7 + int(rng.integers(0, 5))) * PER_DAY + round(hour * PER_DAY / 24)


@cache
def _known(kind: Kind, seed: int) -> frozenset[tuple[str, float]]:
    """What would have opened without an incident."""
    told = watch(play(np.random.default_rng([seed, 2]), kind, WEEKS), first_day=PAST_DAYS)
    return frozenset((one.rule, one.opened) for one in told)


def _first(told: Sequence[Told], began: float, known: frozenset[tuple[str, float]]) -> Told | None:
    caused = [
        one for one in told if began <= one.opened <= began + WEEK and (one.rule, one.opened) not in known
    ]
    return min(caused, key=lambda one: one.opened, default=None)


def quiet(kind: Kind, weeks: int, seeds: int) -> Quiet:
    """Play quiet weeks and count alerts by rule: once there is a past to learn from, and before."""
    begin, count, early = START + PAST_DAYS * 86_400.0, Counter[str](), 0
    for seed in range(seeds):
        told = watch(play(np.random.default_rng([seed, 4]), kind, weeks + PAST_DAYS / 7))
        count.update(one.rule for one in told if one.opened >= begin)
        early += sum(one.opened < begin for one in told)
    return Quiet(kind.name, float(weeks * seeds), dict(count.most_common()), PAST_DAYS / 7 * seeds, early)


def row(incident: str, kind: str, found: Sequence[Detection]) -> str:
    """One line of the table."""
    hours = [one.hours for one in found if one.hours is not None]
    rules = Counter(one.rule for one in found if one.rule is not None)
    named = ", ".join(f"{rule} {count}" for rule, count in rules.most_common(3))
    took = f"{np.median(hours):.1f} | {max(hours):.1f}" if hours else "- | -"
    return f"| {incident} | {kind} | {len(hours)} of {len(found)} | {took} | {named} |"


def quiet_row(calm: Quiet) -> str:
    """One line of the table of quiet weeks."""
    named = ", ".join(f"{rule} {count}" for rule, count in calm.false_alerts.items()) or "none"
    return (
        f"| {calm.kind} | {calm.project_weeks:g} | {sum(calm.false_alerts.values())} | {calm.per_week:.2f} | "
        f"{named} | {calm.in_first_weeks} in {calm.first_weeks:g} |"
    )


def main() -> None:
    """Play, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weeks", type=int, default=20, help="quiet weeks of each kind of project and seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    report: dict[str, Any] = {"detections": [], "quiet": [], "set_to_per_week": FALSE_PER_WEEK}
    print(HEAD)
    for incident in INCIDENTS:
        for kind in KINDS:
            found = [detect(incident, kind, seed) for seed in range(asked.seeds)]
            report["detections"] += [asdict(one) for one in found]
            print(row(incident, kind.name, found), flush=True)
    print(QUIET_HEAD)
    for kind in KINDS:
        calm = quiet(kind, asked.weeks, asked.seeds)
        report["quiet"].append(asdict(calm) | {"per_week": calm.per_week})
        print(quiet_row(calm), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
