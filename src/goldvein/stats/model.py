"""Everything that is fixed while a model version lives: how people answer, and how they change.

``AnswerModel`` is needed from the first mined task on; ``Model`` adds the states of a standing around the
bar, which is known only once the first benchmarks exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.stats.arrays import Array, frozen
from goldvein.stats.states import DEFAULT_CONTENT_RULES, StateSpace, make_space

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, eq=False)
class AnswerModel:
    """How honest people answer a task of a given difficulty.

    The scale is fixed by the trusted labelers: their mean ability is 0.

    Attributes
    ----------
    difficulties : (n_difficulties,) float
        Grid of task difficulties, logits.
    difficulty_prior : (n_difficulties,) float
        What is thought of a pushed task before anybody answered it; sums to one.
    discrimination : float
        Slope of the answer curve at its steepest, per logit.
    panel_sd : float
        Spread of ability among trusted labelers, logits.
    none_share : float
        Share of wrong answers that are "cannot be answered".
    none_key_share : float
        Share of pushed tasks that truly cannot be answered.
    attraction : float
        Concentration of the Polya urn over wrong options: near 0 all wrong answers fall on one attractor,
        large means they spread evenly.
    """

    difficulties: Array
    difficulty_prior: Array
    discrimination: float = 1.0
    panel_sd: float = 0.5
    none_share: float = 0.05
    none_key_share: float = 0.02
    attraction: float = 1.2


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A version of everything learned or fixed about a project's labelers.

    Attributes
    ----------
    answers : AnswerModel
    space : StateSpace
    bar_theta : float
        Ability at the bar, logits.
    trust_theta : float
        Ability asked of a trusted labeler, logits.
    prior : (n_states,) float
        The population: what a newcomer is, and what a labeler may turn into. Sums to one.
    hazard : float
        Probability per answer that a labeler turns into someone drawn anew from ``prior``.
    walk : float
        Probability per answer of one grid step up, and as much of one step down; below 0.25.
    lapse : float
        Share of a shortcut's answers that are random instead.
    random_none : float
        Share of random answers that are "cannot be answered".
    follow_shares : mapping of str to float
        For content rules whose share is known: how often an honest labeler's ordinary answer agrees with
        the rule. A rule without a share gives no signal.
    temper : float
        Exponent on the evidence of ordinary answers, in [0, 1].
    signal_cap : float
        Largest factor by which one ordinary answer may move the odds.
    """

    answers: AnswerModel
    space: StateSpace
    bar_theta: float
    trust_theta: float
    prior: Array
    hazard: float = 0.001
    walk: float = 0.0003
    lapse: float = 0.05
    random_none: float = 0.02
    follow_shares: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    temper: float = 0.25
    signal_cap: float = 1.5

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; floats survive exactly, since JSON writes their shortest exact form."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"answers", "space"}}
        answers = {f.name: getattr(self.answers, f.name) for f in fields(self.answers)}
        return {
            **_listed(plain),
            "follow_shares": dict(self.follow_shares),
            "answers": _listed(answers),
            "content_rules": list(self.space.shortcuts[3:]),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Read back what ``to_dict`` wrote."""
        plain = dict(values)
        rules = plain.pop("content_rules")
        return cls(
            **{
                **plain,
                "answers": answer_model_from_dict(plain["answers"]),
                "space": make_space(plain["bar_theta"], rules),
                "prior": frozen(plain["prior"]),
                "follow_shares": MappingProxyType(dict(plain["follow_shares"])),
            }
        )


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays as lists."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
    }


def answer_model_from_dict(values: Mapping[str, Any]) -> AnswerModel:
    """Answer model inside a stored model."""
    arrays = {name: frozen(values[name]) for name in ("difficulties", "difficulty_prior")}
    return AnswerModel(**{**values, **arrays})


def make_answer_model(**changes: float) -> AnswerModel:
    """Answer model that a project starts with.

    Difficulties reach from "everybody gets it" to "even trusted labelers guess". The prior is a broad bell;
    it is deliberately heavy on the hard side, since an ambiguous task taken for a clean one makes a wrong
    key, while a clean one taken for ambiguous costs a few answers.

    Parameters
    ----------
    **changes : float
        Scalar attributes of ``AnswerModel`` that differ from their default.
    """
    grid = np.linspace(-5.5, 3.5, 19)
    weights = np.exp(-0.5 * ((grid + 2.0) / 2.2) ** 2)
    return AnswerModel(difficulties=frozen(grid), difficulty_prior=frozen(weights / weights.sum()), **changes)


def make_model(
    bar_theta: float,
    trust_theta: float | None = None,
    *,
    content_rules: Sequence[str] = DEFAULT_CONTENT_RULES,
    answers: AnswerModel | None = None,
    shortcut_mass: float = 0.28,
    **changes: Any,
) -> Model:
    """Model that a project opens with.

    Parameters
    ----------
    bar_theta : float
        Ability at the quality bar, from ``items.bar_theta``.
    trust_theta : float, optional
        Ability asked of a trusted labeler; one logit over the bar when not given.
    content_rules : sequence of str
        Names of the shortcuts that follow from the options' content.
    answers : AnswerModel, optional
    shortcut_mass : float
        Prior share of people who follow some shortcut. The filter is robust to it: 5% or 60% assumed where
        30% is true costs a few tenths of a point of false rejections.
    **changes
        Attributes of ``Model`` that differ from their default.
    """
    space = make_space(bar_theta, content_rules)
    return Model(
        answers=answers or make_answer_model(),
        space=space,
        bar_theta=float(bar_theta),
        trust_theta=float(bar_theta + 1.0 if trust_theta is None else trust_theta),
        prior=population_prior(space, shortcut_mass=shortcut_mass),
        **changes,
    )


def population_prior(space: StateSpace, *, shortcut_mass: float, mean: float = 1.2, sd: float = 1.2) -> Array:
    """Prior over states: a bell of abilities centred over the bar, and some of every shortcut.

    Parameters
    ----------
    space : StateSpace
    shortcut_mass : float
        Total share of shortcuts, in (0, 1). A third of it answers at random.
    mean, sd : float
        Centre over the bar and spread of honest ability, logits.

    Returns
    -------
    (n_states,) float
    """
    bar = space.thetas[~space.good[: space.n_abilities]].max() + 0.5 * np.diff(space.thetas)[0]
    ability = np.exp(-0.5 * ((space.thetas - bar - mean) / sd) ** 2)
    shares = np.full(len(space.shortcuts), (2 / 3) / (len(space.shortcuts) - 1))
    shares[0] = 1 / 3
    return frozen(np.concatenate([(1 - shortcut_mass) * ability / ability.sum(), shortcut_mass * shares]))
