"""What came of a demonstration, set against a truth that the service never saw."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.sim.demo.writer import MOST_DETAILS, MOST_PADDING, Writer
from goldvein.sim.outcome import counts, latency
from goldvein.sim.population import by_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.domain.policy import Policy
    from goldvein.sim.demo.customer import Books
    from goldvein.sim.demo.exam import Exam
    from goldvein.sim.demo.reward import RewardModel
    from goldvein.sim.outcome import Outcome
    from goldvein.sim.population import Person
    from goldvein.store.standings import StandingLine

WELL_TRAINED: Final = 0.95
"""Share of the exam's questions that a model must get right to count as trained well."""
STEPS: Final = 8
"""Steps of training by which a writer shows what a reward model makes of it."""


def report_of(outcome: Outcome, crowd: Sequence[Person], truths: Mapping[str, int]) -> dict[str, Any]:
    """Set what was delivered against the truth, in all and by kind of person."""
    right = _right(outcome, truths)
    labels = [label for label in outcome.current_labels if label.task in right]
    ordinary = [answer for answer in outcome.ordinary if answer.task in right]
    wrong_keys = sum(
        key.key is not None and key.task in right and key.key != right[key.task] for key in outcome.keys
    )
    return {
        **counts(outcome),
        "accuracy_answers": _mean([answer.choice == right[answer.task] for answer in ordinary]),
        "accuracy_delivered": _mean([label.choice == right[label.task] for label in labels]),
        "benchmarks": {
            "active": sum(key.state == "active" for key in outcome.keys),
            "wrong_keys": wrong_keys,
        },
        "latency_seconds": latency(outcome),
        "latency_since_open_seconds": latency(outcome, since_open=True),
        "kinds": _kinds(outcome, crowd, right),
    }


def _right(outcome: Outcome, truths: Mapping[str, int]) -> dict[int, int]:
    """Find the right option of each task whose truth is known."""
    named = {task: fact.unique_id or "" for task, fact in outcome.tasks.items()}
    return {task: truths[name] for task, name in named.items() if name in truths}


# --- by kind of person -----------------------------------------------------------------------------


def _kinds(outcome: Outcome, crowd: Sequence[Person], right: Mapping[int, int]) -> list[dict[str, Any]]:
    """Count, for each kind of person, who was let in and what was delivered."""
    standing = {line.name: line for line in outcome.standings.values()}
    kind_of = {standing[person.name].labeler: person.kind for person in crowd if person.name in standing}
    lines = []
    for kind, people in by_kind(crowd).items():
        own = [standing[person.name] for person in people if person.name in standing]
        labels = [
            label
            for label in outcome.current_labels
            if label.basis == "labeler" and kind_of.get(label.labeler or 0) == kind and label.task in right
        ]
        ordinary = [
            answer
            for answer in outcome.ordinary
            if kind_of.get(answer.labeler) == kind and answer.task in right
        ]
        delivering = {label.labeler for label in labels}
        lines.append(
            {
                "kind": kind,
                "people": len(people),
                "let_in": len(own),
                "dismissed": sum(line.state == "dismissed" for line in own),
                "delivering": len(delivering),
                "benchmarks": sum(line.benchmarks for line in own),
                "answers": len(ordinary),
                "accuracy_answers": _mean([answer.choice == right[answer.task] for answer in ordinary]),
                "delivered": len(labels),
                "accuracy_delivered": _mean([label.choice == right[label.task] for label in labels]),
            }
        )
    return lines


# --- the filter's confusion table ------------------------------------------------------------------


def confusion(outcome: Outcome, crowd: Sequence[Person], policy: Policy) -> dict[str, Any]:
    """Tell what the filter made of good and of bad people, and of what each of them answered.

    Somebody is good who does the job, and does it at or over the bar. A sleeper is good until the change:
    as a person it counts as what it is at the end, and each of its answers as what it was then.

    Returns
    -------
    dict
        ``people``: by ``good`` and ``bad``, how many are ``delivering``, ``held``, ``dismissed`` or
        ``waiting`` to be let in. ``answers``: to ordinary tasks, how many are ``delivered``, ``withdrawn``,
        ``held`` or ``discarded``.
    """
    named = {person.name: person for person in crowd}
    people, answers = ({"good": Counter[str](), "bad": Counter[str]()} for _ in range(2))
    given: Counter[int] = Counter()
    fate = _fates(outcome)
    ends: Counter[str] = Counter()
    for answer in outcome.answers:
        line = outcome.standings.get(answer.labeler)
        person = named.get(line.name) if line is not None else None
        if person is None:
            continue
        side = _side(person, given[answer.labeler], policy)
        given[answer.labeler] += 1
        ends[person.name] += 1
        if answer.stage == "label":
            answers[side][fate.get((answer.task, answer.labeler), "discarded")] += 1
    lines = {line.name: line for line in outcome.standings.values()}
    for person in crowd:
        if person.role != "trusted":
            side = _side(person, ends[person.name], policy)
            people[side][_place(lines.get(person.name), policy)] += 1
    return {"people": _plain(people, _PLACES), "answers": _plain(answers, _FATES)}


_PLACES: Final = ("delivering", "held", "dismissed", "waiting")
_FATES: Final = ("delivered", "withdrawn", "held", "discarded")


def _fates(outcome: Outcome) -> dict[tuple[int, int], str]:
    """What became of the answers that neither went nor go to nothing, by task and labeler."""
    held = {(task, labeler): "held" for _, task, labeler in outcome.holds}
    labels = {
        (label.task, label.labeler): "delivered" if label.withdrawn_at is None else "withdrawn"
        for label in outcome.labels
        if label.labeler is not None
    }
    return held | labels


def _side(person: Person, answered: int, policy: Policy) -> str:
    able = getattr(person.behaviour, "accuracy", 1.0) >= policy.quality_bar
    return "good" if able and person.behaviour.is_good(answered) else "bad"


def _place(line: StandingLine | None, policy: Policy) -> str:
    if line is None:
        return "waiting"
    if line.state == "dismissed":
        return "dismissed"
    passes = (
        line.benchmarks >= policy.min_benchmarks
        and line.p_benchmarks >= policy.deliver_at
        and line.p_all >= policy.suspect_below
    )
    return "delivering" if passes else "held"


def _plain(table: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> dict[str, dict[str, int]]:
    return {side: {column: row.get(column, 0) for column in columns} for side, row in table.items()}


# --- the reward model ------------------------------------------------------------------------------


def learning(outcome: Outcome, books: Books, exam: Exam, seed: int) -> dict[str, Any]:
    """Set the reward model's learning curve beside that of one trained on what anybody answered first.

    Both see the same tasks, as many labels and the same features, and take the same exam. What the second
    is trained on is the first answer to each task, whoever gave it and whatever the gate made of it; after
    a dismissal nobody answers any more, so that it too owes something to the filter.

    Returns
    -------
    dict
        ``curve``: for each training the labels and the marks of both; ``labels_needed``: how many each took
        to be trained well; ``labels_right``: how right the last
        labels of both are; ``writer``: what each makes of a writer; ``rounds``: what the customer asked.
    """
    first = _first_answers(outcome)
    curve, last = [], None
    for lesson in books.lessons:
        model = books.learned(first, lesson.tasks)
        line = {"labels": len(lesson.tasks), "delivered": asdict(lesson.marks)}
        curve.append(line | {"unfiltered": asdict(exam.take(model))})
        last = lesson, model
    report = {
        "curve": curve,
        "labels_needed": {side: labels_needed(curve, side) for side in ("delivered", "unfiltered")},
        "rounds": [asdict(one) for one in books.rounds],
    }
    if last is None:
        return report | {"labels_right": None, "writer": None}
    lesson, unfiltered = last
    delivered = books.learned(books.labels, lesson.tasks)
    return report | {
        "labels_right": {
            "delivered": _mean([books.labels[name] == books.truths[name] for name in lesson.tasks]),
            "unfiltered": _mean([first[name] == books.truths[name] for name in lesson.tasks]),
        },
        "writer": {
            "steps": STEPS,
            "before": _habits(Writer()),
            "delivered": _habits(_schooled(delivered, seed)),
            "unfiltered": _habits(_schooled(unfiltered, seed)),
        },
    }


def labels_needed(curve: Sequence[Mapping[str, Any]], side: str) -> int | None:
    """Labels from which on a model was always right on ``WELL_TRAINED`` or more; None if it never was."""
    needed = None
    for line in reversed(curve):
        if line[side]["accuracy"] < WELL_TRAINED:
            break
        needed = int(line["labels"])
    return needed


def _first_answers(outcome: Outcome) -> dict[str, int]:
    first: dict[str, int] = {}
    for answer in outcome.answers:
        name = outcome.tasks[answer.task].unique_id if answer.task in outcome.tasks else None
        if name is not None:
            first.setdefault(name, answer.choice)
    return first


def _schooled(model: RewardModel, seed: int) -> Writer:
    """What a reward model makes of the writer that everything began with; chance is the same for all."""
    rng, writer = np.random.default_rng(seed), Writer()
    for _ in range(STEPS):
        writer = writer.trained(model, rng)
    return writer


def _habits(writer: Writer) -> dict[str, float]:
    """Details and padding of a mean continuation."""
    return {"details": MOST_DETAILS * writer.describing, "padding": MOST_PADDING * writer.padding}


def _mean(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if len(values) else None
