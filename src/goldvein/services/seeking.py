"""New candidates: takes them off the queue, and among its first tasks seeks what shortcuts get wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from goldvein.decisions.seeking import lenient, looked_at, preferred, sought
from goldvein.services.views import View, Views
from goldvein.stats.model import Model
from goldvein.store import attempts
from goldvein.store.attempts import OpenAttempt
from goldvein.store.database import Transaction
from goldvein.tasktypes import choice


def take_candidates(
    tx: Transaction, views: Views, view: View, rng: np.random.Generator, limit: int, passed: Sequence[int]
) -> list[OpenAttempt]:
    """Lock ordinary work that was never mined: the head of the queue, unless some shortcut passes too much.

    Then a little more of the queue is looked at, and half of what is taken are tasks on which that shortcut
    is likely wrong. Before a project opens nothing is known of shortcuts, and the queue's order stands.
    """
    model = view.model
    seeks = model is not None and bool(lenient(view.pass_shares, view.policy.quality_bar))
    seeks &= view.policy.directed_share > 0
    window = looked_at(limit) if seeks else limit
    found = attempts.take_unmined(tx, view.project.id, window, passed, view.head)
    if model is None or len(found) <= limit:
        return found
    scores = _scores(tx, views, view, model, found)
    return [found[place] for place in preferred(rng, scores, limit, view.policy.directed_share)]


def _scores(
    tx: Transaction, views: Views, view: View, model: Model, found: Sequence[OpenAttempt]
) -> np.ndarray:
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
