"""How likely each answer to a benchmark is, for every state that a labeler can be in.

A table is made once per item version, with exp and log where needed; the hot path only picks columns.
Options are coded ``0..K-1`` in content order; column ``K`` is "cannot be answered".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array, BoolArray, IntArray, ShapeError, frozen
from goldvein.stats.states import LEAKER, POSITION_RULES, RANDOM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.stats.model import AnswerModel, Model


def accuracy_curve(answers: AnswerModel, n_options: int, weights: Array, thetas: Array) -> Array:
    """P(key | ability), with the task's difficulty integrated out.

    ``P(key | theta, b) = 1/K + (1 - 1/K) sigmoid(a (theta - b))``, weighted over b. With five answers a
    task's difficulty is unidentified, and a point estimate is worse than none; so it is never plugged in.

    Parameters
    ----------
    answers : AnswerModel
    n_options : int
        K, at least 2.
    weights : (n_difficulties,) float
        Posterior weights over ``answers.difficulties``; sums to one.
    thetas : (n,) float
        Abilities, logits.

    Returns
    -------
    (n,) float

    Source
    ------
    Three-parameter logistic model with the guessing rate fixed at 1/K (Birnbaum 1968).
    """
    solved = 1 / (1 + np.exp(-answers.discrimination * (thetas[:, None] - answers.difficulties)))
    curve: Array = 1 / n_options + (1 - 1 / n_options) * (solved * weights).sum(axis=1)
    return curve


def item_table(
    model: Model,
    key_probs: Array,
    difficulty_weights: Array,
    choices_of_rules: Mapping[str, Sequence[int]] | None = None,
    wrong: Array | None = None,
) -> Array:
    """Likelihood of every answer to one benchmark, for every state.

    Parameters
    ----------
    model : Model
    key_probs : (K,) float
        P(this option is the key); sums to one. The whole posterior is mixed in: a filter that takes keys
        for certain rejects four times as many good people at 3% wrong keys.
    difficulty_weights : (n_difficulties,) float
        Posterior weights over ``model.answers.difficulties``.
    choices_of_rules : mapping of str to option indices
        What each content rule would choose; several options where they tie. A rule of the model that is not
        named answers at random here.
    wrong : (K,) float, optional
        How wrong answers to this item spread over its options, the key left out. Where it is not learned,
        wrong answers go where the project's ``confusion`` of classes says, or evenly.

    Returns
    -------
    (n_states, K + 1) float
        Rows sum to one, as served to nobody in particular: position rules stand as random answers, a leaker
        as somebody who knows the key. ``served_likelihoods`` fills in the serving.

    Raises
    ------
    ShapeError
        If ``key_probs`` or ``difficulty_weights`` do not fit the model or do not sum to one.
    """
    weights = np.asarray(difficulty_weights, dtype=float)
    _check_distribution("difficulty_weights", weights, len(model.answers.difficulties))
    right = accuracy_curve(model.answers, len(key_probs), weights, model.space.thetas)
    return curve_table(model, right, key_probs, choices_of_rules, wrong)


def curve_table(
    model: Model,
    right: Array,
    key_probs: Array,
    choices_of_rules: Mapping[str, Sequence[int]] | None = None,
    wrong: Array | None = None,
) -> Array:
    """Likelihood of every answer to one benchmark whose curve is known; see ``item_table``.

    Parameters
    ----------
    right : (n_abilities,) float
        P(key) at each ability.
    """
    keys = np.asarray(key_probs, dtype=float)
    _check_distribution("key_probs", keys, None)
    n_options, none, right = len(keys), model.answers.none_share, right[:, None]
    ability = right * keys + (1 - right) * (1 - none) * (keys @ wrong_spread(model.answers, n_options, wrong))
    ability = np.concatenate([ability, (1 - right) * none], axis=1)
    rules = [_rule_row(model, keys, name, choices_of_rules or {}) for name in model.space.shortcuts]
    return frozen(np.concatenate([ability, np.array(rules)]))


def wrong_spread(answers: AnswerModel, n_options: int, wrong: Array | None = None) -> Array:
    """Where wrong answers go, for every key: (K, K), rows sum to one, the diagonal is 0."""
    if wrong is None and answers.confusion is not None and len(answers.confusion) == n_options:
        return answers.confusion
    spread = np.ones((n_options, n_options)) if wrong is None else np.tile(wrong, (n_options, 1))
    np.fill_diagonal(spread, 0.0)
    rows: Array = spread / spread.sum(axis=1, keepdims=True)
    return rows


def _rule_row(model: Model, keys: Array, name: str, choices_of_rules: Mapping[str, Sequence[int]]) -> Array:
    """Answers of a shortcut: its rule's options, and at random in a share of lapses."""
    row = np.full(len(keys) + 1, (1 - model.random_none) / len(keys))
    row[-1] = model.random_none
    if name == LEAKER:
        row *= model.lapse
        row[:-1] += (1 - model.lapse) * keys
        return row
    chosen = () if name == RANDOM or name in POSITION_RULES else tuple(choices_of_rules.get(name, ()))
    if not chosen:
        return row
    row *= model.lapse
    row[list(chosen)] += (1 - model.lapse) / len(chosen)
    return row


def _check_distribution(name: str, values: Array, size: int | None) -> None:
    """Refuse what is not a probability vector of the right length, and say why."""
    if values.ndim != 1 or len(values) < 2 or (size is not None and len(values) != size):
        wanted = "at least 2" if size is None else str(size)
        raise ShapeError(f"{name} has shape {values.shape}, but must be a vector of {wanted} probabilities")
    if not (values >= 0).all() or abs(values.sum() - 1) > 1e-6:
        raise ShapeError(
            f"{name} sums to {values.sum():.6g}, but must be non-negative and sum to 1; normalise it"
        )


def stack_tables(tables: Sequence[Array]) -> Array:
    """Tables of a project's benchmarks as one array for ``selection``.

    Parameters
    ----------
    tables : sequence of (n_states, K_i + 1) float

    Returns
    -------
    (n_states, n_items, max K + 1) float
        Items with fewer options are filled up with zeros: answers that cannot happen.
    """
    if not tables:
        raise ShapeError("no tables to stack; a pool needs at least one benchmark")
    width = max(table.shape[1] for table in tables)
    pool = np.zeros((tables[0].shape[0], len(tables), width))
    for place, table in enumerate(tables):
        pool[:, place, : table.shape[1]] = table
    pool.setflags(write=False)
    return pool


def served_likelihoods(
    model: Model,
    tables: Sequence[Array],
    orders: Sequence[Sequence[int] | IntArray],
    choices: Sequence[int],
    exposures: Sequence[int],
) -> Array:
    """Likelihood of each answer given, with the shown order and earlier servings taken in.

    Hot path: + - x / only.

    Parameters
    ----------
    model : Model
    tables : n tables, each (n_states, K_i + 1) float
    orders : n orders; ``orders[i][position]`` is the option shown at that position
    choices : n options chosen, in content order; ``K_i`` for "cannot be answered"
    exposures : n counts
        Servings of the benchmark before this one.

    Returns
    -------
    (n_states, n) float
    """
    columns = [table[:, choice] for table, choice in zip(tables, choices, strict=True)]
    likelihood = np.array(columns).T.copy() if columns else np.empty((model.space.size, 0))
    shown = [
        np.array([order[place] == choice for order, choice in zip(orders, choices, strict=True)], dtype=bool)
        for place in (0, -1)
    ]
    return as_served(model, likelihood, (shown[0], shown[1]), np.asarray(exposures))


def as_served(
    model: Model, likelihood: Array, shown: tuple[BoolArray, BoolArray], exposures: IntArray
) -> Array:
    """Fill position rules and the leaker into likelihoods taken from item tables; changes them in place.

    Parameters
    ----------
    model : Model
    likelihood : (n_states, n) float
    shown : pair of (n,) bool
        Whether the option chosen stood first, and whether it stood last.
    exposures : (n,) int
        Servings of the benchmark before this one.
    """
    at_random = likelihood[model.space.state_of(RANDOM)]
    for rule, hits in zip(POSITION_RULES, shown, strict=True):
        likelihood[model.space.state_of(rule)] = model.lapse * at_random + (1 - model.lapse) * hits
    known = leaked_share(model, exposures)
    leaker = model.space.state_of(LEAKER)
    likelihood[leaker] = known * likelihood[leaker] + (1 - known) * at_random
    return likelihood


def leaked_share(model: Model, exposures: IntArray) -> Array:
    """P(a leaker knows the key) of a benchmark that was served so often: elementwise."""
    known: Array = exposures / (exposures + model.leak_half)
    return known


def bar_theta(
    accuracy: float, answers: AnswerModel, n_options: Sequence[int], weights: Sequence[Array]
) -> float:
    """Ability whose mean accuracy over a mix of benchmarks is the given one.

    Turned once, when a project opens, from a frozen mix: harder items added later do not move the bar.

    Parameters
    ----------
    accuracy : float
        The policy's ``quality_bar`` (or ``trust_accuracy``), mean P(key) over the mix.
    answers : AnswerModel
    n_options : n counts
        K of each item.
    weights : n vectors, each (n_difficulties,) float
        Difficulty weights of each item.

    Returns
    -------
    float
        Ability in logits.

    Raises
    ------
    ShapeError
        If no ability reaches that accuracy (it is at or under chance, or the items are too hard).
    """
    groups = _mean_weights(n_options, weights)

    def mean_accuracy(theta: float) -> float:
        at = np.array([theta])
        return sum(share * float(accuracy_curve(answers, k, mean, at)[0]) for k, share, mean in groups)

    low, high = -20.0, 20.0
    if not mean_accuracy(low) < accuracy < mean_accuracy(high):
        raise ShapeError(
            f"accuracy {accuracy} cannot be turned into an ability: on this mix it lies between "
            f"{mean_accuracy(low):.3f} (chance) and {mean_accuracy(high):.3f}; choose a bar between them"
        )
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if mean_accuracy(middle) < accuracy else (low, middle)
    return 0.5 * (low + high)


def _mean_weights(n_options: Sequence[int], weights: Sequence[Array]) -> list[tuple[int, float, Array]]:
    """Items of one K share a curve that is linear in the weights: (K, share of items, mean weights)."""
    if not weights:
        raise ShapeError("the bar needs at least one benchmark")
    counts = np.asarray(n_options)
    rows = np.asarray(weights, dtype=float)
    return [(int(k), float(np.mean(counts == k)), rows[counts == k].mean(axis=0)) for k in np.unique(counts)]
