"""Our mining on recorded crowds: how often keys differ from the truth, trusted people chosen without it.

    python -m perf.mining_recorded DATA_DIR [--seeds 20] [--sets reading_choice,edge] [--json FILE]

A fifth of the tasks, drawn anew for each seed, is the redundant first batch: all its answers, nobody trusted
(``stats.bootstrap``). The tasks that it finds clean are keys. On every other task those of the trusted who
answered it are asked one after the other, in random order, until ``decisions.mining.settle`` is settled. The
truth is looked at in the end only. Where the bootstrap refuses, the reason is counted and nothing is mined.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.decisions.mining import Continue, Promote, Settlement, settle
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.sim.contest.table import markdown
from goldvein.sim.recorded import Crowd, load_crowd
from goldvein.stats.bootstrap import Asked, bootstrap, make_batch
from goldvein.stats.intervals import wilson
from goldvein.stats.model import make_answer_model

FIRST = 0.2  # of the tasks, that are the first batch
ANSWERS, POLICY = make_answer_model(), Policy()
ASKED = Asked(
    POLICY.trust_accuracy, POLICY.trust_at, POLICY.ease_at_least, POLICY.promote_at, POLICY.promote_key_at
)


@dataclass(frozen=True)
class Set:
    """One recorded crowd; tasks with fewer than ``least`` answers are left out."""

    name: str
    answers: str
    least: int
    tasks: str | None = None


SETS = (
    Set("reading_choice", "reading_choice/answers.csv", 10, "reading_choice/tasks.jsonl"),
    Set("sketch", "object_recognition/sketch.csv", 7),
    Set("silhouette", "object_recognition/silhouette.csv", 10),
    Set("edge", "object_recognition/edge.csv", 10),
    Set("cue-conflict", "object_recognition/cue-conflict.csv", 10),
    Set("sp_amt", "sentiment/sp_amt.csv", 20),
    Set("cf_amt", "sentiment/cf_amt.csv", 20),
    Set("sp", "sentiment/sp.csv", 5),
)


@dataclass
class Found:
    """What one seed came to; ``keys`` are (task, key)."""

    trusted: list[int] = field(default_factory=list)
    first: list[tuple[int, int]] = field(default_factory=list)
    mined: list[tuple[int, int]] = field(default_factory=list)
    tasks: int = 0
    labels: int = 0
    refusal: str | None = None


@dataclass(frozen=True)
class Record:
    """Answers by task, K for "cannot be answered", of the tasks that have enough."""

    answers: dict[int, list[tuple[int, int]]]
    truth: dict[int, int]
    options: dict[int, int]


def read(crowd: Crowd, least: int) -> Record:
    answers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in crowd.answers:
        options = len(crowd.tasks[one.task].options)
        answers[one.task].append((one.labeler, options if one.choice == UNANSWERABLE else one.choice))
    kept = {
        task: said
        for task, said in answers.items()
        if len(said) >= least and crowd.tasks[task].truth is not None
    }
    truths = {task: crowd.tasks[task].truth for task in kept}
    return Record(
        kept,
        {task: truth for task, truth in truths.items() if truth is not None},
        {task: len(crowd.tasks[task].options) for task in kept},
    )


@cache
def settled(options: int, choices: tuple[int, ...], left: int) -> Settlement:
    return settle(ANSWERS, options, choices, left, POLICY)


def mine(record: Record, seed: int) -> Found:
    rng = np.random.default_rng(seed)
    order = rng.permutation(sorted(record.answers)).tolist()
    cut = round(FIRST * len(order))
    found = start(record, order[:cut])
    if found.refusal is not None:
        return found
    for task in order[cut:]:
        found.tasks += 1
        panel = [answer for labeler, answer in record.answers[task] if labeler in found.trusted]
        said: list[int] = []
        for answer in rng.permutation(panel).tolist():
            said.append(answer)
            settlement = settled(record.options[task], tuple(sorted(said)), len(panel) - len(said))
            if not isinstance(settlement, Continue):
                break
        found.labels += len(said)
        if said and isinstance(settlement, Promote):
            found.mined.append((task, settlement.key))
    return found


def start(record: Record, batch: Sequence[int]) -> Found:
    """The bootstrap: who is trusted, and which tasks of the first batch are benchmarks."""
    rows = [(labeler, place, said) for place, t in enumerate(batch) for labeler, said in record.answers[t]]
    people = sorted({labeler for labeler, _, _ in rows})
    place_of = {labeler: place for place, labeler in enumerate(people)}
    labelers = np.array([place_of[labeler] for labeler, _, _ in rows])
    tasks, said = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    batch_ = make_batch(labelers, tasks, said, np.array([record.options[task] for task in batch]))
    result = bootstrap(ANSWERS, batch_, ASKED)
    if result.refusal is not None:
        return Found(refusal=result.refusal)
    return Found(
        trusted=[person for person, on in zip(people, result.trusted, strict=True) if on],
        first=[(task, int(result.best[p])) for p, task in enumerate(batch) if result.clean[p]],
    )


def unanimous(record: Record) -> dict[str, float]:
    """Tasks on which everybody agrees on an option, and how often that differs from the truth.

    Counted with those on which all say "cannot be answered", and without: these can be no benchmarks.
    """
    agreed = [
        (task, said[0][1])
        for task, said in record.answers.items()
        if len({answer for _, answer in said}) == 1
    ]
    options = [(task, key) for task, key in agreed if key < record.options[task]]
    return {
        "share": len(options) / len(record.answers),
        "wrong": wrong(record, options) / max(1, len(options)),
        "wrong_with_unanswerable": wrong(record, agreed) / max(1, len(agreed)),
    }


def wrong(record: Record, keys: Sequence[tuple[int, int]]) -> int:
    return sum(record.truth[task] != key for task, key in keys)


def right_share(record: Record, people: Sequence[int] | None = None) -> float:
    """Mean of right answers, of some people or of all."""
    hits = [
        answer == record.truth[task]
        for task, said in record.answers.items()
        for labeler, answer in said
        if people is None or labeler in people
    ]
    return float(np.mean(hits))


def measure(one: Set, data: Path, seeds: int) -> dict[str, Any]:
    record = read(load_crowd(data / one.answers, data / one.tasks if one.tasks else None), one.least)
    runs = [mine(record, seed) for seed in range(1, seeds + 1)]
    done = [run for run in runs if run.refusal is None]
    report: dict[str, Any] = {
        "tasks": len(record.answers),
        "options": max(record.options.values()),
        "accuracy": right_share(record),
        "unanimous": unanimous(record),
        "runs": len(done),
        "refused": dict(Counter(run.refusal for run in runs if run.refusal)),
    }
    if not done:
        return report
    keys = sum(len(run.mined) + len(run.first) for run in done)
    errors = [wrong(record, [*run.mined, *run.first]) for run in done]
    shares = [error / max(1, len(r.mined) + len(r.first)) for error, r in zip(errors, done, strict=True)]
    mined = sum(len(run.mined) for run in done)
    return report | {
        "trusted": float(np.mean([len(run.trusted) for run in done])),
        "trusted_accuracy": float(np.mean([right_share(record, run.trusted) for run in done])),
        "first_keys": float(np.mean([len(run.first) for run in done])),
        "mined_keys": mined / len(done),
        "promoted": mined / max(1, sum(run.tasks for run in done)),
        "labels_per_benchmark": sum(run.labels for run in done) / max(1, mined),
        "wrong": sum(errors) / max(1, keys),
        "wrong_mined": sum(wrong(record, run.mined) for run in done) / max(1, mined),
        # The tasks are the same in all seeds: the interval is that of one seed's number of keys.
        "interval": wilson(float(np.mean(errors)), keys / len(done)),
        "over_seeds": [min(shares), max(shares)],
    }


HEADINGS = (
    "set", "tasks", "K", "all answers right", "all agree: wrong", "trusted (right)", "keys", "promoted",
    "labels per benchmark", "wrong keys", "seeds' range",
)  # fmt: skip


def row(name: str, report: dict[str, Any]) -> list[str]:
    agreed = report["unanimous"]
    head = [
        name, f"{report['tasks']:,}", str(report["options"]), f"{report['accuracy']:.1%}",
        f"{agreed['wrong']:.2%} ({agreed['wrong_with_unanswerable']:.2%})",
    ]  # fmt: skip
    if not report["runs"]:
        return [*head, "refused", *["-"] * 5]
    low, high = report["interval"]
    return [
        *head,
        f"{report['trusted']:.0f} ({report['trusted_accuracy']:.1%})",
        f"{report['first_keys']:.0f} + {report['mined_keys']:.0f}",
        f"{report['promoted']:.0%}",
        f"{report['labels_per_benchmark']:.1f}",
        f"{report['wrong']:.2%} ({abs(100 * low):.2f}-{100 * high:.2f})",
        f"{100 * report['over_seeds'][0]:.2f}-{100 * report['over_seeds'][1]:.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", help="names, with commas; all by default")
    parser.add_argument("--json", dest="json_path", type=Path)
    options = parser.parse_args()
    names = options.sets.split(",") if options.sets else [one.name for one in SETS]
    report = {one.name: measure(one, options.data, options.seeds) for one in SETS if one.name in names}
    print(markdown(HEADINGS, [row(name, found) for name, found in report.items()]))
    for name, found in report.items():
        for reason, count in found["refused"].items():
            print(f"\n{name}, {count} of {options.seeds} seeds refused: {reason}")
    if options.json_path:
        options.json_path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
