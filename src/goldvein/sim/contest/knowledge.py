"""What a project knows when the crowd comes in: its model and its benchmarks' likelihoods.

Everything is learned from what is on record, by the functions that the service learns with. A contest may
give the true item parameters instead; population, leanings and hazard are learned in either case. Or it may
begin as a project does on its first day, with what the panel said and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.contest.burn_in import burn_in
from goldvein.sim.contest.items import finding
from goldvein.stats.estimation import AnswerLog, Benchmarks, Estimates, estimate
from goldvein.stats.hazard import learn_hazard
from goldvein.stats.items import as_served, bar_theta, curve_table, item_table, stack_tables
from goldvein.stats.keys import given_start, panel_start
from goldvein.stats.logit import leans
from goldvein.stats.model import Model, Rapid, make_answer_model, make_model
from goldvein.stats.timing import DECIDED, fit_rapid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.domain.policy import Policy
    from goldvein.sim.contest.burn_in import BurnIn
    from goldvein.sim.contest.items import Items, World
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import AnswerModel

LISTED_RULES = ("longest", "shortest")
KEY_RIGHT = 0.98
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Model and (n_states, n_items, K + 1) likelihoods of the benchmarks; where upkeep of them begins.

    ``starts`` (n_items, K + 1, n_difficulties) is P(key, difficulty) before the crowd's first answer.
    """

    model: Model
    pool: Array
    starts: Array


def knowledge(
    rng: np.random.Generator, world: World, policy: Policy, rules: tuple[str, ...] = LISTED_RULES
) -> Knowledge:
    """What is learned from the record of a scenario, or given by it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the record.
    world : World
    policy : Policy
    rules : tuple of str
        Content rules that have a state.
    """
    scenario, record = world.scenario, burn_in(rng, world)
    if scenario.item_parameters == "panel":
        return _of_panel(world.benchmarks, record, policy, rules)
    model, learned = _estimated(world.benchmarks, record, rules, scenario.quality_bar)
    given = scenario.item_parameters == "given"
    if given:
        bar = _true_bar(world.benchmarks, scenario.quality_bar)
        model = replace(make_model(bar, content_rules=rules), prior=learned.prior)
    leaning = _leans(world, record, learned, model, rules)
    told: dict[str, Any] = dict(scenario.model)
    rapid = _rapid(world, record, learned, model)
    model = replace(model, leans=MappingProxyType(leaning), rapid=rapid, **told)
    items = world.benchmarks
    make = _true_table if given else _learned_table
    pool = stack_tables([make(model, items, learned, i) for i in range(len(items))])
    hazard = max(policy.hazard_floor, _hazard(record, model, pool))
    if given:
        starts = _panel_starts(items, record, model.answers)
    else:
        told_before = zip(learned.key_probs, learned.difficulty_weights, strict=True)
        starts = np.array([given_start(model.answers, *each) for each in told_before])
    return Knowledge(replace(model, hazard=hazard), pool, starts)


def _of_panel(items: Items, record: BurnIn, policy: Policy, rules: tuple[str, ...]) -> Knowledge:
    """What the service knows on the day it opens: the panel's answers, and of its people nothing."""
    answers = make_answer_model()
    starts = _panel_starts(items, record, answers)
    keys = starts[:, :-1].sum(axis=2)
    weights = starts[np.arange(len(items)), keys.argmax(axis=1)]
    weights = weights / weights.sum(axis=1, keepdims=True)
    bar = bar_theta(policy.quality_bar, answers, [items.n_options] * len(items), list(weights))
    model = make_model(bar, content_rules=rules)
    keys = keys / keys.sum(axis=1, keepdims=True)
    tables = [item_table(model, keys[i], weights[i], _picks(items, rules, i)) for i in range(len(items))]
    return Knowledge(
        replace(model, hazard=max(policy.hazard_floor, model.hazard)), stack_tables(tables), starts
    )


def _panel_starts(items: Items, record: BurnIn, answers: AnswerModel) -> Array:
    """P(key, difficulty) of each benchmark by what its panel said."""
    said = [record.choice[record.panel & (record.item == item)].tolist() for item in range(len(items))]
    return np.array([panel_start(answers, items.n_options, choices) for choices in said])


def _hazard(record: BurnIn, model: Model, pool: Array) -> float:
    """How often earlier labelers turned into somebody else."""
    order = np.argsort(record.labeler, kind="stable")
    order = order[~record.panel[order]]
    labeler, tested = record.labeler[order], record.is_benchmark[order]
    place = np.arange(len(order)) - np.searchsorted(labeler, labeler)
    at = order[tested]
    owner, steps = labeler[tested], place[tested] + 1
    first = np.r_[True, owner[1:] != owner[:-1]]
    gaps = np.where(first, steps, steps - np.r_[0, steps[:-1]])
    shown = record.order[at, 0] == record.choice[at], record.order[at, -1] == record.choice[at]
    chosen = pool[:, record.item[at], record.choice[at]]
    likelihoods = as_served(model, chosen, shown, record.exposures[at])
    return learn_hazard(model, owner, gaps, likelihoods).hazard


def _estimated(
    items: Items, record: BurnIn, rules: tuple[str, ...], accuracy: float
) -> tuple[Model, Estimates]:
    """Model and estimates that agree on where the bar lies; the panel's mean ability is 0."""
    answers = make_answer_model()
    weights = np.tile(answers.difficulty_prior, (len(items), 1))
    known = Benchmarks(
        key_probs=stored_key_probs(items), n_options=np.full(len(items), items.n_options),
        picks={rule: items.picks[rule] for rule in rules},
    )  # fmt: skip
    log = answer_log(record)
    for _ in range(_ROUNDS):
        bar = bar_theta(accuracy, answers, [items.n_options] * len(items), list(weights))
        model = make_model(bar, content_rules=rules)
        learned = estimate(log, known, model)
        weights = learned.difficulty_weights
    return replace(model, prior=learned.prior), learned


def answer_log(record: BurnIn) -> AnswerLog:
    """The record's answers to benchmarks."""
    at = record.is_benchmark
    trusted = np.zeros(record.n_labelers, dtype=bool)
    trusted[record.labeler[record.panel]] = True
    first, last = record.order[at, 0], record.order[at, -1]
    return AnswerLog(
        record.labeler[at], record.item[at], record.choice[at], first, last, trusted, record.exposures[at]
    )


def stored_key_probs(items: Items) -> Array:
    """What the panel says of each key: (n_items, K)."""
    probs = np.full((len(items), items.n_options), (1 - KEY_RIGHT) / (items.n_options - 1))
    probs[np.arange(len(items)), items.stored_key] = KEY_RIGHT
    return probs


def _leans(
    world: World, record: BurnIn, learned: Estimates, model: Model, rules: tuple[str, ...]
) -> Mapping[str, float]:
    """Where the ordinary answers of those lean who are good on benchmarks."""
    at = ~record.is_benchmark
    p_good = learned.posteriors[:, model.space.good].sum(axis=1)[record.labeler[at]]
    task = record.item[at]
    marks = np.zeros((len(task), world.ordinary.n_options, len(rules)), dtype=bool)
    for place, rule in enumerate(rules):
        marks[np.arange(len(task)), world.ordinary.picks[rule][task], place] = True
    return leans(marks, record.choice[at], p_good, rules)


def _rapid(world: World, record: BurnIn, learned: Estimates, model: Model) -> Rapid | None:
    """What the times of those tell about whom benchmarks have decided."""
    p_good = learned.posteriors[:, model.space.good].sum(axis=1)[record.labeler]
    at = (np.abs(p_good - 0.5) > DECIDED) & ~record.panel
    ordinary = world.ordinary.characters[np.where(record.is_benchmark, 0, record.item)]
    benchmark = world.benchmarks.characters[np.where(record.is_benchmark, record.item, 0)]
    characters = np.where(record.is_benchmark, benchmark, ordinary)
    return fit_rapid(record.seconds[at], characters[at], record.labeler[at], 1 - p_good[at])


def _learned_table(model: Model, items: Items, learned: Estimates, item: int) -> Array:
    picks = _picks(items, model.space.content_rules, item)
    return item_table(
        model, learned.key_probs[item], learned.difficulty_weights[item], picks, learned.wrong[item]
    )


def _true_table(model: Model, items: Items, learned: Estimates, item: int) -> Array:  # noqa: ARG001
    right = _true_curves(items, model.space.thetas)[:, item]
    picks = _picks(items, model.space.content_rules, item)
    return curve_table(model, right, stored_key_probs(items)[item], picks)


def _picks(items: Items, rules: tuple[str, ...], item: int) -> dict[str, tuple[int, ...]]:
    return {rule: (int(items.picks[rule][item]),) for rule in rules}


def _true_curves(items: Items, thetas: Array) -> Array:
    """P(key) of every item at each ability: (n, n_items)."""
    return finding(items, thetas[:, None], np.arange(len(items)))


def _true_bar(items: Items, accuracy: float) -> float:
    """Ability whose mean accuracy on the benchmarks is the given one."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        mean = _true_curves(items, np.array([middle])).mean()
        low, high = (middle, high) if mean < accuracy else (low, middle)
    return 0.5 * (low + high)
