"""Everything that is fixed while a model version lives: how people answer, and how they change.

``AnswerModel`` is needed from the first mined task on; ``Model`` adds the states of a standing around the
bar, which is known only once the first benchmarks exist.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.stats.arrays import Array, ShapeError, frozen, ordered_sum
from goldvein.stats.population import population_prior, solving_of, turns_of
from goldvein.stats.states import DEFAULT_CONTENT_RULES, RANDOM, StateSpace, make_space

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
    confusion : (K, K) float, optional
        For classes, where wrong answers go when the row's class is the key; rows sum to one, the diagonal
        is 0. Even while it is not learned.
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
    confusion: Array | None = None


@dataclass(frozen=True, slots=True)
class Rapid:
    """What time on task tells: an answer quicker than its task can be read is a guess.

    An answer is rapid if it took less than ``base_seconds + seconds_per_character * characters``.

    Attributes
    ----------
    base_seconds, seconds_per_character : float
    share_solving, share_guessing : float
        Rapid answers among those of people who do the job, and of people who do not.
    """

    base_seconds: float
    seconds_per_character: float
    share_solving: float
    share_guessing: float


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
        The population: what a newcomer is. Sums to one.
    turns : (n_states,) float
        What a labeler may turn into at a jump. Sums to one.
    hazard : float
        Probability per answer that a labeler turns into someone drawn from ``turns``.
    walk : float
        Probability per answer of one grid step up, and as much of one step down; below 0.25.
    lapse : float
        Share of a shortcut's answers that are random instead.
    random_none : float
        Share of random answers that are "cannot be answered".
    leak_half : float
        Servings of a benchmark after which a leaker knows its key with probability one half.
    leans : mapping of str to float
        Odds by which a good labeler's ordinary answer leans to the option that a rule picks, learned from
        answers: ``P(option) ~ product of the leans of the rules that pick it``. A rule without one gives 1.
    solving : (n_states,) float
        How much of a good labeler's solving each state does: up to 1 for abilities, 0 for shortcuts.
    ordinary_weight : float
        Share of ordinary tasks taken to tell what they seem to tell, in [0, 1]; the rest tells nothing.
        It tempers the evidence of ordinary answers, and bounds it.
    rapid : Rapid, optional
        What time on task tells; None while it tells nothing.
    """

    answers: AnswerModel
    space: StateSpace
    bar_theta: float
    trust_theta: float
    prior: Array
    turns: Array = field(default_factory=lambda: frozen([]))
    hazard: float = 0.0009
    walk: float = 0.0003
    lapse: float = 0.05
    random_none: float = 0.02
    leak_half: float = 15.0
    leans: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    solving: Array = field(default_factory=lambda: frozen([]))
    ordinary_weight: float = 0.9
    rapid: Rapid | None = None

    def __post_init__(self) -> None:
        """Reckon what follows from the rest, where it is not given."""
        if not len(self.turns):
            object.__setattr__(self, "turns", turns_of(self.space, self.prior))
        if not len(self.solving):
            object.__setattr__(self, "solving", solving_of(self.answers, self.space, self.prior))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; floats survive exactly, since JSON writes their shortest exact form."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"answers", "space"}}
        answers = {f.name: getattr(self.answers, f.name) for f in fields(self.answers)}
        return {
            **_listed(plain),
            "leans": dict(self.leans),
            "rapid": asdict(self.rapid) if self.rapid else None,
            "answers": _listed(answers),
            "content_rules": list(self.space.content_rules),
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
                "turns": frozen(plain["turns"]),
                "leans": MappingProxyType(dict(plain["leans"])),
                "solving": frozen(plain["solving"]),
                "rapid": Rapid(**plain["rapid"]) if plain["rapid"] else None,
            }
        )


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays as lists."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
    }


def answer_model_from_dict(values: Mapping[str, Any]) -> AnswerModel:
    """Answer model inside a stored model."""
    arrays = {
        name: frozen(values[name])
        for name in ("difficulties", "difficulty_prior", "confusion")
        if values[name] is not None
    }
    return AnswerModel(**{**values, **arrays})


def make_answer_model(**changes: Any) -> AnswerModel:
    """Answer model that a project starts with.

    Difficulties reach from "everybody gets it" to "even trusted labelers guess". The prior is a broad bell;
    it is deliberately heavy on the hard side, since an ambiguous task taken for a clean one makes a wrong
    key, while a clean one taken for ambiguous costs a few answers.

    Parameters
    ----------
    **changes : float
        Attributes of ``AnswerModel`` that differ from their default.
    """
    grid = np.linspace(-5.5, 3.5, 19)
    weights = np.exp(-0.5 * ((grid + 2.0) / 2.2) ** 2)
    started = AnswerModel(difficulties=frozen(grid), difficulty_prior=frozen(weights / weights.sum()))
    return replace(started, **changes)


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


def convert(p: Array, old: Model, new: Model) -> Array:
    """Distribution under a newer model's states: abilities stay, shortcuts are found again by name.

    A shortcut that is new gets its share of the new model's prior, taken from everything else alike; one that
    is gone leaves its mass to random answers. Linear, so that it holds for joints as well as for posteriors.

    Parameters
    ----------
    p : (n_states of old, n) float
    old, new : Model

    Returns
    -------
    (n_states of new, n) float

    Raises
    ------
    ShapeError
        If the bars differ: a project's bar is turned into an ability once.
    """
    if old.bar_theta != new.bar_theta:
        raise ShapeError(f"the bar lies at {old.bar_theta} and at {new.bar_theta}: the grids do not match")
    mass, grid = ordered_sum(p), new.space.n_abilities
    fresh = [name for name in new.space.shortcuts if name not in old.space.shortcuts]
    share = sum(float(new.prior[new.space.state_of(name)]) for name in fresh)
    converted = np.zeros((new.space.size, p.shape[1]))
    converted[:grid] = p[:grid]
    for name in old.space.shortcuts:
        home = name if name in new.space.shortcuts else RANDOM
        converted[new.space.state_of(home)] += p[old.space.state_of(name)]
    converted *= 1.0 - share
    for name in fresh:
        converted[new.space.state_of(name)] = new.prior[new.space.state_of(name)] * mass
    return converted
