"""New candidates: takes them off the queue, and seeks among its first tasks those that promise most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goldvein.decisions.planning import worth
from goldvein.decisions.seeking import lenient, looked_at, preferred, sought
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.store import attempts
from goldvein.store.attempts import OpenAttempt
from goldvein.store.database import Transaction
from goldvein.tasktypes import choice
from goldvein.tasktypes.clarity import traits


@dataclass(frozen=True, slots=True)
class Why:
    """Why a task is mined: ``directed``, or as the ``queue`` had it; and what it promised, if compared."""

    how: str
    worth: float | None


def take_candidates(
    tx: Transaction, views: Views, view: View, rng: np.random.Generator, why: dict[int, Why], limit: int,
    passed: Sequence[int],
) -> list[OpenAttempt]:  # fmt: skip
    """Lock ordinary work that was never mined, and note in ``why`` what speaks for each task.

    The head of the queue, unless something is known of what makes a good benchmark: a shortcut passes too
    many of those there are, or what the panel promoted looks unlike what it dropped. Then a little more of
    the queue is looked at, and the policy's ``directed_share`` of what is taken are those that promise most.
    """
    seeks = view.model is not None and bool(lenient(view.pass_shares, view.policy.quality_bar))
    seeks = (seeks or view.plan.clarity is not None) and view.policy.directed_share > 0
    window = looked_at(limit) if seeks else limit
    found = attempts.take_unmined(tx, view.project.id, window, passed, view.head)
    if not seeks or len(found) <= limit:
        why.update({attempt.task: Why("queue", None) for attempt in found})
        return found
    promised = _worth(tx, views, view, found)
    places = preferred(rng, promised, limit, view.policy.directed_share)
    for place in places:  # what the queue would not have brought by now was sought
        how = "directed" if place >= limit else "queue"
        why[found[place].task] = Why(how, float(promised[place]))
    return [found[place] for place in places]


def _worth(tx: Transaction, views: Views, view: View, found: Sequence[OpenAttempt]) -> Array:
    scores = np.zeros(len(found)) if view.model is None else _scores(tx, views, view, view.model, found)
    if view.plan.clarity is None:
        return worth(scores, None, None)
    keys = [(view.project.id, attempt.task) for attempt in found]
    contents = views.contents(tx, keys)
    rows = [traits(contents[key].input, view.project.classes, contents[key].rules) for key in keys]
    return worth(scores, view.plan.clarity, np.array(rows))


def _scores(tx: Transaction, views: Views, view: View, model: Model, found: Sequence[OpenAttempt]) -> Array:
    rules, classes = {*model.space.content_rules, *model.leans}, view.project.classes
    keys = [(view.project.id, attempt.task) for attempt in found]
    contents = views.contents(tx, keys)
    inputs = [contents[key] for key in keys]
    return sought(
        model,
        view.pass_shares,
        view.policy.quality_bar,
        [choice.rule_choices(one.input, classes, rules, one.rules) for one in inputs],
        [len(choice.choices_of(one.input, classes)) for one in inputs],
    )
