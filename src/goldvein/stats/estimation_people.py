"""The labelers' side of ``estimation``: their states, items known in probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.estimation_items import TINY, TOLD, columns_of
from goldvein.stats.gather import GroupSums, group_sums
from goldvein.stats.items import leaked_share
from goldvein.stats.states import LEAKER, POSITION_RULES, RANDOM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goldvein.stats.estimation import AnswerLog, Benchmarks, Shrinkage
    from goldvein.stats.model import Model


@dataclass(slots=True, eq=False)
class People:
    """Posterior of every labeler's state, and the population that they come from.

    Attributes
    ----------
    model, shrinkage : what is held
    answers : GroupSums
        Sums over each labeler's answers of what items expect.
    fixed : (n_labelers, n_states) float
        Log likelihood under the shortcuts, which no item changes; 0 for abilities.
    trusted : (n_labelers,) bool
    trusted_mean : float
        Fitted mean ability of the trusted labelers; 0 once ``shift`` has put the scale where it belongs.
    held : (n_states,) float
        The model's prior over the states that can be estimated.
    prior : (n_states,) float
    posteriors : (n_labelers, n_states) float
    entropy : float
        Of all posteriors together.
    """

    model: Model
    shrinkage: Shrinkage
    answers: GroupSums
    fixed: Array
    trusted: NDArray[np.bool_]
    trusted_mean: float
    held: Array
    prior: Array
    posteriors: Array
    entropy: float

    @property
    def abilities(self) -> NDArray[np.float32]:
        """Ability part of the posteriors."""
        return np.ascontiguousarray(self.posteriors[:, : self.model.space.n_abilities], dtype=np.float32)

    def update(self, expectations: NDArray[np.float32]) -> None:
        """Posterior of all labelers from what the items expect."""
        scores = self.fixed + self._log_prior()
        scores[:, : self.model.space.n_abilities] += self.answers.sums(expectations)
        scores -= scores.max(axis=1, keepdims=True)
        posteriors = np.exp(scores)
        mass = posteriors.sum(axis=1, keepdims=True)
        posteriors /= mass
        self.posteriors = posteriors
        self.entropy = float(np.log(mass).sum() - np.einsum("js,js->", posteriors, scores))

    def fit(self) -> None:
        """Population, given everybody's posterior."""
        counts = self.posteriors[~self.trusted].sum(axis=0) + self.shrinkage.people * self.held
        self.prior = counts / counts.sum()
        if self.trusted.any():
            ability = self.posteriors[self.trusted, : self.model.space.n_abilities].mean(axis=0)
            self.trusted_mean = _fitted_mean(self.model, float(ability @ self.model.space.thetas))

    def shift(self, by: float) -> None:
        """Move all abilities along the scale."""
        thetas, grid = self.model.space.thetas, self.model.space.n_abilities
        place = np.clip((thetas + by - thetas[0]) / (thetas[1] - thetas[0]), 0, grid - 1)
        below = np.minimum(place.astype(np.int64), grid - 2)
        moves = np.zeros((grid, grid))
        moves[np.arange(grid), below] = 1 - (place - below)
        moves[np.arange(grid), below + 1] += place - below
        self.posteriors[:, :grid] = self.posteriors[:, :grid] @ moves
        self.prior[:grid] = self.prior[:grid] @ moves
        self.trusted_mean += by
        self.entropy = _entropy(self.posteriors)

    def population(self) -> Array:
        """Fitted population; states that could not be estimated keep the model's share."""
        kept = np.where(self.held > 0, 0.0, self.model.prior)
        shares: Array = kept + (1 - kept.sum()) * self.prior
        shares /= shares.sum()
        return shares

    def bound(self) -> float:
        """The labelers' part of the bound: prior, shortcuts and entropy, with the hyperprior."""
        known = float(np.einsum("js,js->", self.posteriors, self.fixed + self._log_prior()))
        hyperprior = self.shrinkage.people * float(self.held @ np.log(np.maximum(self.prior, TINY)))
        return known + self.entropy + hyperprior

    def _log_prior(self) -> Array:
        """Log prior of each labeler: the population, or for the trusted a bell around 0."""
        own = np.array([self.prior, _trusted_prior(self.model, self.trusted_mean)])
        each: Array = np.log(np.maximum(own, TINY))[self.trusted.astype(np.int64)]
        return each


def _entropy(posteriors: Array) -> float:
    """Entropy of all rows together."""
    return float(-(posteriors * np.log(np.maximum(posteriors, TINY))).sum())


def _trusted_prior(model: Model, mean: float) -> Array:
    """A bell of ability around the trusted labelers' mean, no shortcuts."""
    scores = -0.5 * ((model.space.thetas - mean) / model.answers.panel_sd) ** 2
    bell = np.exp(scores - scores.max())
    return np.concatenate([bell / bell.sum(), np.zeros(len(model.space.shortcuts))])


def _fitted_mean(model: Model, wanted: float) -> float:
    """Centre of the trusted labelers' bell at which its mean on the grid is the wanted one."""
    thetas = model.space.thetas
    low, high = float(thetas[0]) - 2.0, float(thetas[-1]) + 2.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        here = float(_trusted_prior(model, middle)[: len(thetas)] @ thetas)
        low, high = (middle, high) if here < wanted else (low, middle)
    return 0.5 * (low + high)


def people_of(log: AnswerLog, benchmarks: Benchmarks, model: Model, shrinkage: Shrinkage) -> People:
    """Labelers at their prior."""
    n_people = int(log.labeler.max()) + 1 if log.trusted is None else len(log.trusted)
    trusted = np.zeros(n_people, dtype=bool) if log.trusted is None else np.asarray(log.trusted, dtype=bool)
    n_columns = benchmarks.key_probs.shape[1] + 1 + TOLD
    cells = log.item * n_columns + columns_of(log, benchmarks)
    answers = group_sums(log.labeler, cells, n_people)
    prior = np.array(model.prior)
    prior[model.space.state_of(LEAKER)] *= log.exposures is not None
    prior /= prior.sum()
    posteriors = np.array([prior, _trusted_prior(model, 0.0)])[trusted.astype(np.int64)]
    return People(
        model=model,
        shrinkage=shrinkage,
        answers=answers,
        fixed=_shortcut_scores(log, benchmarks, model, answers),
        trusted=trusted,
        trusted_mean=0.0,
        held=prior,
        prior=prior.copy(),
        posteriors=posteriors,
        entropy=_entropy(posteriors),
    )


def _shortcut_scores(log: AnswerLog, benchmarks: Benchmarks, model: Model, answers: GroupSums) -> Array:
    """Log likelihood of each labeler's answers under every shortcut; 0 for abilities."""
    space, width = model.space, benchmarks.key_probs.shape[1]
    exists = np.arange(width) < benchmarks.n_options[:, None]
    random = np.where(exists, (1 - model.random_none) / benchmarks.n_options[:, None], 1.0)
    random = np.concatenate([random, np.full((len(random), 1), model.random_none)], axis=1)
    keys = np.pad(benchmarks.key_probs, ((0, 0), (0, 1)))
    scores = np.zeros((answers.n_owners, space.size))
    rules = [name for name in space.shortcuts if name == RANDOM or name in benchmarks.picks]
    rows = [_rule_row(benchmarks, model, name, random) for name in rules]
    scored = np.pad(np.log(np.array(rows)), ((0, 0), (0, 0), (0, TOLD)))
    told = answers.sums(scored.reshape(len(rules), -1).T.astype(np.float32))
    for name in space.shortcuts:
        scores[:, space.state_of(name)] = told[:, rules.index(name if name in rules else RANDOM)]
    column = np.where(log.choice == benchmarks.n_options[log.item], width, log.choice)
    chance = random[log.item, column]
    for name, shown in zip(POSITION_RULES, (log.first, log.last), strict=True):
        if shown is not None:
            told_here = np.log(model.lapse * chance + (1 - model.lapse) * (log.choice == shown))
            scores[:, space.state_of(name)] = np.bincount(log.labeler, told_here, answers.n_owners)
    scores[:, space.state_of(LEAKER)] = np.log(TINY)
    if log.exposures is not None:
        known = (1 - model.lapse) * leaked_share(model, log.exposures)
        told_here = np.log(known * keys[log.item, column] + (1 - known) * chance)
        scores[:, space.state_of(LEAKER)] = np.bincount(log.labeler, told_here, answers.n_owners)
    return scores


def _rule_row(benchmarks: Benchmarks, model: Model, name: str, random: Array) -> Array:
    """Likelihood of every answer to every item for a content rule: (n_items, width + 1)."""
    if name == RANDOM:
        return random
    width, picked = random.shape[1] - 1, np.asarray(benchmarks.picks[name])
    shares = picked if picked.ndim == 2 else (picked[:, None] == np.arange(width)).astype(np.float64)
    picks = shares.sum(axis=1, keepdims=True) > 0
    rows = random.copy()
    rows[:, :width] = np.where(
        picks, model.lapse * random[:, :width] + (1 - model.lapse) * shares, random[:, :width]
    )
    rows[:, width:] = np.where(picks, model.lapse * random[:, width:], random[:, width:])
    return rows
