"""What reference checks came to: accuracy against the customer, drops and their causes, the sample's power.

A report is made once, when its run is over, from that run and those before it. It is kept as JSON, so that
pages and the API show it without reckoning; it names no labelers, for customers read it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from goldvein.decisions.reference import Course, Drop, fall_since, follow, sample_of
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services.judge import WOULD
from goldvein.stats.arrays import Array
from goldvein.stats.blame import Answers, Benchmarks, blame, doubt
from goldvein.stats.reference import accuracy_interval, clustering, learn, paired_interval
from goldvein.stats.reference_power import FOUND, QUIET_DAYS, WITHIN_DAYS, smallest_drop
from goldvein.store import references
from goldvein.store.database import Transaction
from goldvein.store.references import Answer, Item, Run

Report = dict[str, Any]
COUNTS: Final = f"{WOULD}deliver"
"""The decision on an answer that would have gone out."""
RUNS: Final = 120
"""Runs that are looked back at."""
LEVEL_RUNS: Final = 7
"""Runs over which the level of accuracy is told."""
EARLY_RUNS: Final = 7
"""Runs that it takes at least to tell how answers of one labeler vary together."""
DOUBTED_FROM: Final = 4
"""Answers that count, from which on a key can be in doubt."""
DOUBTFUL: Final = 0.95
"""P(most people pick another answer) from which a key is."""
_SHOWN: Final = 20
_Z90: Final = 1.644854
"""Between these bounds lies the level of accuracy with 90%: over either with 5%."""
_Z95: Final = 1.959964
_QUIET: Final = 0.9


@dataclass(frozen=True, slots=True)
class History:
    """Runs and tasks as arrays: (n_runs, n_tasks), 1 where a task was answered, and answered right.

    ``counted`` are the answers that count, the first of each run and task; ``place`` finds a task's column.
    """

    days: Sequence[date]
    tasks: Sequence[Item]
    options: Array
    right: Array
    seen: Array
    counted: Sequence[Answer]
    place: Mapping[int, int]

    @property
    def chance(self) -> Array:
        """P(right) of somebody who guesses, by task."""
        return np.asarray(1.0 / self.options)


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made from: runs up to its own, their answers, and benchmarks by day."""

    run: Run
    classes: int | None
    items: Sequence[Item]
    runs: Sequence[Run]
    answers: Sequence[Answer]
    benchmarks: Mapping[date, tuple[int, int]]
    policy: Policy


def read(tx: Transaction, project: Project, policy: Policy, run: Run) -> Material:
    """Read what a run's report is made from."""
    runs = references.runs(tx, project.id, upto=run.due, limit=RUNS)[::-1]
    return Material(
        run, len(project.classes) if project.classes is not None else None,
        references.items(tx, project.id, run.version), runs,
        references.answers(tx, project.id, runs[0].due, run.due),
        references.benchmark_days(tx, project.id, runs[0].begun_at, run.ended_at or run.begun_at), policy,
    )  # fmt: skip


def make(material: Material) -> Report:
    """Say what a run came to, with those before it."""
    policy, run = material.policy, material.run
    history = _history(material)
    overall = inflation(history)
    course = follow(
        history.right, history.seen, history.chance, drop=policy.reference_drop,
        inflation=inflation_before(history),
    )  # fmt: skip
    level = _level(history, course, overall)
    wanted = policy.reference_accuracy
    is_low = wanted > 0 and level["runs"] > 0 and level["high"] < wanted
    drop = course.present
    return {
        **_of_day(history, [one for one in material.answers if one.due == run.due], run, overall),
        "evidence": None if np.isneginf(course.ratio) else round(course.ratio, 3),
        "threshold": None if np.isnan(course.threshold) else round(course.threshold, 3),
        "power": _power(history, policy.reference_drop, overall),
        "level": level,
        "wanted": wanted or None,
        "too_low": {"wanted": wanted, "accuracy": level["accuracy"], "high": level["high"]}
        if is_low
        else None,
        "back_up": not wanted or (level["runs"] > 0 and level["accuracy"] >= wanted),
        "doubtful": doubtful(history, history.days[drop.began] if drop is not None else None),
        "drop": _drop(history, drop, overall) if drop is not None else None,
        "blame": _blame(history, drop, material.benchmarks) if drop is not None else None,
    }


def _history(material: Material) -> History:
    items = material.items
    days = [one.due for one in material.runs]
    place = {item.task: column for column, item in enumerate(items)}
    row = {day: index for index, day in enumerate(days)}
    right, seen = np.zeros((len(days), len(items))), np.zeros((len(days), len(items)))
    counted = []
    for one in material.answers:
        column = place.get(one.task)
        if column is None or not one.counts or seen[row[one.due], column]:
            continue
        counted.append(one)
        seen[row[one.due], column] = 1
        right[row[one.due], column] = one.choice == items[column].key
    options = np.array([material.classes or item.options or 2 for item in items])
    return History(days, items, options, right, seen, counted, place)


def inflation(history: History) -> float:
    """How much more answers of one labeler vary together than answers of several would."""
    return clustering(list(_residuals(history).values()))


def inflation_before(history: History) -> Array:
    """The same for each day by those before it, the first few taken together: (n_runs,).

    A drop that is some people's makes answers of one vary together: it must not speak for itself in what it
    is held to, nor change what was found before it.
    """
    told = _residuals(history)
    return np.array([
        clustering([own for (due, _), own in told.items() if due < history.days[max(day, least)]])
        for least in [min(EARLY_RUNS, len(history.days) - 1)]
        for day in range(len(history.days))
    ])  # fmt: skip


def _residuals(history: History) -> Mapping[tuple[date, int], Array]:
    """Answers, 1 right and 0 wrong, minus what was expected of their tasks, by day and labeler."""
    known = learn(history.right.sum(0), history.seen.sum(0), history.chance).right
    found: dict[tuple[date, int], list[float]] = defaultdict(list)
    for one in history.counted:
        column = history.place[one.task]
        is_right = one.choice == history.tasks[column].key
        found[one.due, one.labeler].append(float(is_right) - float(known[column]))
    return {whose: np.array(told) for whose, told in found.items()}


def _of_day(history: History, own: Sequence[Answer], run: Run, inflation: float) -> Report:
    """The run by itself: answers that count, and all of them."""
    day = history.days.index(run.due)
    known = learn(history.right.sum(0), history.seen.sum(0), history.chance).right
    answered = history.seen[day] > 0
    right, counted = float(history.right[day].sum()), int(answered.sum())
    low, high = accuracy_interval(right, counted, inflation)
    paired_low, paired_high = paired_interval(right, known[answered], inflation)
    told = [one for one in own if one.task in history.place and one.choice != UNANSWERABLE]
    all_right = sum(one.choice == history.tasks[history.place[one.task]].key for one in told)
    all_low, all_high = accuracy_interval(all_right, len(told), inflation)
    return {
        "asked": run.asked,
        "answered": len({one.task for one in own}),
        "answers": len(own),
        "counted": counted,
        "right": int(right),
        "accuracy": right / counted if counted else None,
        "low": low, "high": high,
        "paired_low": paired_low, "paired_high": paired_high,
        "all": {
            "answers": len(told), "right": all_right, "accuracy": all_right / len(told) if told else None,
            "low": all_low, "high": all_high,
        },
        "inflation": round(inflation, 3),
    }  # fmt: skip


def _level(history: History, course: Course, inflation: float) -> Report:
    """Accuracy over the last runs; since a drop began, if there is one."""
    since = max(0, len(history.days) - LEVEL_RUNS)
    if course.present is not None:
        since = max(since, course.present.began)
    seen = history.seen[since:].sum()
    right = history.right[since:].sum()
    # However many days were asked, they tell of no more tasks than there are.
    tasks = float((history.seen[since:].sum(0) > 0).sum())
    share = float(right / seen) if seen else 0.0
    low, high = accuracy_interval(share * tasks, tasks, inflation, z=_Z90)
    return {
        "accuracy": share if seen else None, "low": low, "high": high,
        "answers": int(seen), "runs": int((history.seen[since:].sum(1) > 0).sum()),
    }  # fmt: skip


def _power(history: History, drop: float, inflation: float) -> Report:
    """What a sample like this can see; None where no drop under 30 points is found often enough."""
    sample = sample_of(history.right, history.seen, history.chance)
    worth = replace(sample, tasks=round(sample.tasks / inflation)).rounded()
    return {
        "answers": sample.tasks,
        "drop": smallest_drop(worth, drop) if history.seen.any() else None,
        "days": WITHIN_DAYS, "found": FOUND, "quiet_days": QUIET_DAYS, "quiet": _QUIET,
    }  # fmt: skip


def _drop(history: History, found: Drop, inflation: float) -> Report:
    fall, error = fall_since(history.right, history.seen, history.chance, found)
    error *= float(np.sqrt(inflation))
    return {
        "began": history.days[found.began].isoformat(),
        "found": history.days[found.found].isoformat(),
        "fall": fall, "low": fall - _Z95 * error, "high": fall + _Z95 * error,
    }  # fmt: skip


def doubtful(history: History, since: date | None) -> list[Report]:
    """Tasks whose key most good labelers answer otherwise, the surest first, some at most.

    Parameters
    ----------
    since : date, optional
        Also look at answers from this day on by themselves: people may have come to answer otherwise.
    """
    found = _doubted(history, history.counted)
    if since is not None:
        late = _doubted(history, [one for one in history.counted if one.due >= since])
        found |= {
            task: one for task, one in late.items() if one["doubt"] > found.get(task, {"doubt": 0})["doubt"]
        }
    return sorted(found.values(), key=lambda one: one["doubt"], reverse=True)[:_SHOWN]


def _doubted(history: History, answers: Sequence[Answer]) -> dict[int, Report]:
    said: dict[int, Counter[int]] = defaultdict(Counter)
    for one in answers:
        said[one.task][one.choice] += 1
    found: dict[int, Report] = {}
    for task, counts in said.items():
        item = history.tasks[history.place[task]]
        others = [
            (count, choice) for choice, count in counts.items() if choice not in (item.key, UNANSWERABLE)
        ]
        if counts.total() < DOUBTED_FROM or not others:
            continue
        count, choice = max(others)
        sure = doubt(counts[item.key], count)
        if sure >= DOUBTFUL:
            found[task] = {
                "task": str(task), "unique_id": item.unique_id, "key": item.key, "said": choice,
                "answers": counts.total(), "for_key": counts[item.key], "for_said": count, "doubt": sure,
            }  # fmt: skip
    return found


def _blame(history: History, found: Drop, days: Mapping[date, tuple[int, int]]) -> Report | None:
    """What a drop comes from, and why we think so."""
    began = history.days[found.began]
    since = [one for one in history.counted if one.due >= began]
    if not since:
        return None
    benchmarks = _benchmarks(days, began)
    shares = blame(_answers(history, since, found), benchmarks)
    reasons = _reasons(history, since, found, benchmarks)
    return {**{str(cause): share for cause, share in shares.items()}, "reasons": reasons}


def _answers(history: History, since: Sequence[Answer], found: Drop) -> Answers:
    """Answers since a drop began, with how likely each was before; the last option: cannot be answered."""
    options = int(history.options.max()) + 1
    before = np.zeros((len(history.tasks), options))
    began = history.days[found.began]
    for one in history.counted:
        if one.due < began:
            before[history.place[one.task], one.choice] += 1  # -1: cannot be answered, the last column
    known = learn(history.right[: found.began].sum(0), history.seen[: found.began].sum(0), history.chance)
    columns = np.array([history.place[one.task] for one in since])
    choices = np.array([one.choice if one.choice != UNANSWERABLE else options - 1 for one in since])
    own = history.options[columns] + 1
    keys = np.array([item.key for item in history.tasks])
    rest = before.copy()
    rest[np.arange(len(keys)), keys] = 0
    wrong = (rest + 0.5)[columns, choices] / (rest.sum(1)[columns] + 0.5 * (own - 1))
    is_key = choices == keys[columns]
    expected = np.where(is_key, known.right[columns], (1 - known.right[columns]) * wrong)
    labelers = np.array([one.labeler for one in since])
    return Answers(columns, labelers, choices, expected, own)


def _benchmarks(days: Mapping[date, tuple[int, int]], began: date) -> Benchmarks | None:
    """How benchmarks were answered before a drop and since; None where nothing can be compared."""
    before = [counts for day, counts in days.items() if day < began]
    since = [counts for day, counts in days.items() if day >= began]
    sums = [sum(counts[place] for counts in some) for some in (before, since) for place in (0, 1)]
    return Benchmarks(*sums) if sums[0] and sums[2] else None


def _reasons(
    history: History, since: Sequence[Answer], found: Drop, benchmarks: Benchmarks | None
) -> list[str]:
    """What speaks for one cause or another, in words."""
    known = learn(
        history.right[: found.began].sum(0), history.seen[: found.began].sum(0), history.chance
    ).right
    missed: Counter[int] = Counter()
    expected: dict[int, float] = defaultdict(float)
    answered: Counter[int] = Counter()
    for one in since:
        column = history.place[one.task]
        answered[one.labeler] += 1
        expected[one.labeler] += 1 - float(known[column])
        missed[one.labeler] += one.choice != history.tasks[column].key
    excess = sorted((missed[who] - expected[who] for who in answered), reverse=True)
    total = sum(excess)
    reasons = []
    if total > 0:
        running, few = 0.0, 0
        while running < total / 2 and few < len(excess):
            running += excess[few]
            few += 1
        reasons.append(
            f"{few} of {len(answered)} labelers gave half of the mistakes that are more than before"
        )
    if benchmarks is not None:
        before, after = benchmarks.before_right / benchmarks.before, benchmarks.since_right / benchmarks.since
        reasons.append(
            f"on benchmarks, {after:.1%} of {benchmarks.since:,} answers were right since then, "
            f"{before:.1%} of {benchmarks.before:,} before"
        )
    else:
        reasons.append("too few benchmarks were answered before or since to compare with")
    return reasons


def in_brief(report: Report, subject: str) -> Report:
    """What an alert says of a report."""
    told = dict(report[subject])
    if subject == "drop" and report["blame"] is not None:
        told["blame"] = {cause: round(p, 3) for cause, p in report["blame"].items() if cause != "reasons"}
    return told
