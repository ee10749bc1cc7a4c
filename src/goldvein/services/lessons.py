"""Lessons: one function for each part of a model that can be learned by itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.accuracy import LEAST_MINED
from goldvein.services.material import Answers, Material, chosen, with_none_last
from goldvein.stats import hazard
from goldvein.stats.arrays import Array
from goldvein.stats.items import as_served, item_table, stack_tables
from goldvein.stats.logit import indicators_of, leans
from goldvein.stats.model import Model
from goldvein.stats.population import solving_of
from goldvein.stats.states import POSITION_RULES
from goldvein.stats.timing import DECIDED, fit_rapid
from goldvein.stats.traffic import traffic

LEAST_ORDINARY: Final = 300
"""Ordinary answers, each counted by P(its labeler was good), under which no leaning is learned."""
TIMES: Final = 100_000
"""Answers whose times are looked at; of more, a sample is taken."""
HISTORIES: Final = 60_000
"""Answers whose histories tell of the hazard; of more labelers than gave so many, a sample is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemEstimate:
    """What is known of one benchmark now; ``wrong`` says where wrong answers go, None: as the model says."""

    key_probs: Array
    difficulty: Array
    wrong: Array | None


@dataclass(slots=True, eq=False)
class Learned:
    """A model in the making, what is new about benchmarks, and what changed, in words and numbers."""

    model: Model
    items: dict[int, ItemEstimate] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    unchanged: dict[str, str] = field(default_factory=dict)


# --- how often labelers change ------------------------------------------------------------------------------


def learn_hazard(learned: Learned, material: Material) -> None:
    """How often labelers turn into somebody else, from histories that are known from their beginning."""
    asked = material.benchmark
    people = np.random.default_rng(material.steps).permutation(np.flatnonzero(material.whole))
    counts = np.cumsum(np.bincount(asked.labeler, minlength=len(material.whole))[people])
    told = np.isin(asked.labeler, people[counts <= HISTORIES])
    if not told.any():
        learned.unchanged["hazard"] = "no labeler's history is known from its beginning"
        return
    own = chosen(asked, told)
    same = np.concatenate([[False], own.labeler[1:] == own.labeler[:-1]])
    gaps = own.n - np.where(same, np.concatenate([[0], own.n[:-1]]), 0)
    found = hazard.learn_hazard(learned.model, own.labeler, gaps, _likelihoods(learned, material, own))
    taken = max(found.hazard, material.view.policy.hazard_floor)
    learned.changed["hazard"] = [learned.model.hazard, taken, found.low, found.high]
    learned.model = replace(learned.model, hazard=taken)


def _likelihoods(learned: Learned, material: Material, own: Answers) -> Array:
    """Likelihood of answers to benchmarks by state, on the model in the making: (n_states, n)."""
    served, item = np.unique(own.task, return_inverse=True)
    pool = stack_tables([_table(learned, material, int(place)) for place in served])
    picked = with_none_last(own, material.n_options)
    likelihood = np.ascontiguousarray(pool[:, item, picked])
    shown = (own.first == own.choice, own.last == own.choice)
    return as_served(learned.model, likelihood, shown, own.exposures)


def _table(learned: Learned, material: Material, place: int) -> Array:
    """One benchmark on the model in the making."""
    task = int(material.tasks[place])
    found = learned.items.get(task)
    if found is None:
        item = material.known[task].item
        wrong = None if item.wrong is None else np.array(item.wrong)
        found = ItemEstimate(np.array(item.key_probabilities), np.array(item.difficulty), wrong)
    rules = {rule: material.picks[place].get(rule, ()) for rule in learned.model.space.content_rules}
    return item_table(learned.model, found.key_probs, found.difficulty, rules, found.wrong)


# --- ordinary tasks -----------------------------------------------------------------------------------------


def learn_solving(learned: Learned, material: Material) -> None:
    """How much of a good labeler's solving each ability does, on tasks as hard as those that were mined."""
    mined = material.mined
    if len(mined.choices) < LEAST_MINED:
        learned.unchanged["solving"] = (
            f"{len(mined.choices)} tasks went through the panel, too few to know ordinary ones by: wait for "
            f"{LEAST_MINED}"
        )
        return
    model = learned.model
    rng = np.random.default_rng(material.steps)
    weights = traffic(rng, model.answers, mined.n_options, mined.choices, n_draws=1).shares
    learned.changed["ordinary_difficulty"] = [
        float(model.answers.difficulty_prior @ model.answers.difficulties),
        float(weights @ model.answers.difficulties),
    ]
    learned.model = replace(model, solving=solving_of(model.answers, model.space, model.prior, weights))


def learn_leans(learned: Learned, material: Material) -> None:
    """How good labelers' ordinary answers lean to what each content rule picks; or to each class."""
    rules = learned.model.space.content_rules
    if material.view.project.classes is not None:
        rules = (*POSITION_RULES, *rules)
    given = chosen(material.ordinary, material.ordinary.choice != UNANSWERABLE)
    p_good = np.minimum(given.p_good, _by_now(material)[given.labeler])
    weight = float(p_good.sum())
    if weight < LEAST_ORDINARY:
        learned.unchanged["leans"] = (
            f"ordinary answers of {weight:.0f} good labelers' worth are too few: wait for {LEAST_ORDINARY}"
        )
        return
    before, width = learned.model.leans, int(material.n_options.max())
    odds = leans(
        indicators_of([material.picks[place] for place in given.task], rules, width),
        given.choice,
        p_good,
        rules,
        present=np.arange(width) < material.n_options[given.task][:, None],
    )
    learned.model = replace(learned.model, leans=MappingProxyType(odds))
    learned.changed["leans"] = {rule: [before.get(rule), lean] for rule, lean in odds.items()}


def _by_now(material: Material) -> Array:
    """P(good) of each labeler after the last answer that was read: (n_labelers,)."""
    p_good = np.ones(len(material.labelers))
    for answers in (material.ordinary, material.benchmark):
        p_good[answers.labeler] = answers.p_good
    return p_good


# --- time on task -------------------------------------------------------------------------------------------


def learn_time(learned: Learned, material: Material) -> None:
    """Below which time an answer is rapid, and who gives such answers; of labelers who are decided."""
    asked, given = material.benchmark, material.ordinary
    p_good = np.concatenate([asked.p_good, given.p_good])
    seconds = np.concatenate([asked.seconds, given.seconds])
    told = np.flatnonzero((np.abs(p_good - 0.5) > DECIDED) & ~np.isnan(seconds))
    if len(told) > TIMES:
        told = np.sort(np.random.default_rng(material.steps).choice(told, TIMES, replace=False))
    tasks = np.concatenate([asked.task, given.task])[told]
    rapid = fit_rapid(
        seconds[told],
        material.characters[tasks].astype(float),
        np.concatenate([asked.labeler, given.labeler])[told],
        1.0 - p_good[told],
    )
    before, learned.model = learned.model.rapid, replace(learned.model, rapid=rapid)
    if rapid is None:
        learned.unchanged["rapid"] = f"the times of {len(told)} answers do not tell guesses from work"
    if before != rapid:
        learned.changed["rapid"] = [one and asdict(one) for one in (before, rapid)]
