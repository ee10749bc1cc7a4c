"""Tuning: knobs of a policy that do best by a stated objective, on twins of a project's record.

All trials are played by the same twins, so that they differ by their knobs and not by luck. What is found
best is then predicted on other twins, beside the policy in force: on its own ones the best of many looks
better than it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.sim.contest.figures import measure
from goldvein.sim.contest.rounds import OURS, play_round
from goldvein.sim.contest.scenario import scenario_from_dict
from goldvein.sim.twin.fitting import scenario_of
from goldvein.sim.twin.predicting import FIGURES, IN_FORCE, Prediction, predict, twins_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import optuna

    from goldvein.sim.twin.past import Past
    from goldvein.sim.twin.predicting import Twin

_BOUND: Final = re.compile(r"\s*(\w+)\s*<=\s*([\d.eE+-]+)\s*")
_RANGE: Final = re.compile(r"\s*(\w+)\s*=\s*([\d.eE+-]+)\s*:\s*([\d.eE+-]+)\s*")
_PENALTY: Final = 10.0
"""What a point over a bound costs, in points of the figure: no policy pays it that can keep to the bounds."""
_OTHER_TWINS: Final = 1_000_003


@dataclass(frozen=True, slots=True)
class Objective:
    """What is wanted: a figure as small as can be, and others not over their bounds."""

    least: str
    at_most: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was found.

    Attributes
    ----------
    knobs : mapping
        The best of the trials; empty where the policy in force is better than all of them.
    meets : bool
        Whether all bounds were kept on the twins of the trials.
    predicted : mapping
        By policy and figure, on other twins.
    """

    knobs: Mapping[str, float]
    meets: bool
    trials: int
    predicted: Mapping[str, Mapping[str, Prediction]]


def objective_of(least: str, bounds: Sequence[str]) -> Objective:
    """Read an objective: a figure, and bounds such as ``bad_share<=0.01``.

    Raises
    ------
    InvalidInput
        If a figure is none of ``FIGURES``, or a bound is no such text.
    """
    at_most = {}
    for bound in bounds:
        found = _BOUND.fullmatch(bound)
        if found is None:
            raise InvalidInput(f"{bound!r} is no bound, such as bad_share<=0.01")
        at_most[found[1]] = float(found[2])
    for name in (least, *at_most):
        if name not in FIGURES:
            raise InvalidInput(f"{name!r} is no figure of a twin: use {', '.join(FIGURES)}")
    return Objective(least, at_most)


def ranges_of(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Read ranges such as ``rate_floor=0.002:0.05``.

    Raises
    ------
    InvalidInput
        If one is no such text, or is empty.
    """
    ranges = {}
    for text in texts:
        found = _RANGE.fullmatch(text)
        if found is None or float(found[2]) >= float(found[3]):
            raise InvalidInput(f"{text!r} is no range of a knob, such as rate_floor=0.002:0.05")
        ranges[found[1]] = (float(found[2]), float(found[3]))
    return ranges


def tune(
    past: Past, objective: Objective, ranges: Mapping[str, tuple[float, float]], *, trials: int, draws: int,
    size: int, answers_each: int, seed: int, other_draws: int = 8,
    show: Callable[[int], None] | None = None,
) -> Tuned:  # fmt: skip
    """Search knobs in their ranges; needs the extra ``tune``.

    Parameters
    ----------
    past : Past
    ranges : mapping
        By knob: from, to. The policy in force is the first trial.
    trials, draws : int
        Policies that are tried, and twins that play each.
    size, answers_each : int
        Labelers of a run, and their answers.
    other_draws : int
        Twins on which what was found is predicted.

    Source
    ------
    Bergstra et al. (2011), the tree-structured Parzen estimator, by optuna; bounds are penalties.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    twins = list(twins_of(past, seed, draws=draws, size=size, answers_each=answers_each))
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    before = past.policy.to_dict()
    study.enqueue_trial({knob: min(max(before[knob], low), high) for knob, (low, high) in ranges.items()})

    def trial_of(trial: optuna.Trial) -> float:
        knobs = {knob: _suggested(trial, knob, ends, before[knob]) for knob, ends in ranges.items()}
        found = _means(past, twins, knobs, size, answers_each)
        trial.set_user_attr("knobs", knobs)
        trial.set_user_attr("over", [found[name] - bound for name, bound in objective.at_most.items()])
        if show is not None:
            show(trial.number + 1)
        return found[objective.least] + _PENALTY * _broken(trial.user_attrs["over"])

    study.optimize(trial_of, n_trials=trials)
    best = _best(study)
    knobs = {name: value for name, value in best.user_attrs["knobs"].items() if value != before[name]}
    policies: dict[str, Mapping[str, float]] = {IN_FORCE: {}} | ({"tuned": knobs} if knobs else {})
    predicted = predict(
        past, policies, seed + _OTHER_TWINS, draws=other_draws, size=size, answers_each=answers_each
    )
    return Tuned(knobs, not _broken(best.user_attrs["over"]), trials, predicted)


def _suggested(trial: optuna.Trial, knob: str, ends: tuple[float, float], before: float) -> float:
    """A value of a knob: whole where the knob is, on a logarithmic scale where the range spans decades."""
    low, high = ends
    if isinstance(before, int) and not isinstance(before, bool):
        return trial.suggest_int(knob, round(low), round(high))
    return trial.suggest_float(knob, low, high, log=low > 0 and high / low >= 10)


def _means(
    past: Past, twins: Sequence[Twin], knobs: Mapping[str, float], size: int, answers_each: int
) -> dict[str, float]:
    """Means of the figures over the twins; a run that delivered nothing is as bad as can be."""
    found: dict[str, list[float]] = {figure: [] for figure in FIGURES}
    for twin in twins:
        tables = scenario_of(
            twin.fitted, past, size=size, answers_each=answers_each, policy=knobs, shares=twin.shares
        )
        ratios = measure(play_round(scenario_from_dict(tables, "trial"), OURS, twin.seed)).ratios
        for figure in FIGURES:
            found[figure].append(ratios[figure].value)
    return {figure: float(np.nan_to_num(values, nan=1.0).mean()) for figure, values in found.items()}


def _broken(over: Sequence[float]) -> float:
    """By how much bounds are broken together."""
    return sum(max(0.0, one) for one in over)


def _best(study: optuna.Study) -> optuna.trial.FrozenTrial:
    """The trial with the least of the figure within bounds, or else the one that breaks them least."""
    done = [trial for trial in study.trials if trial.value is not None]
    return min(done, key=lambda trial: (_broken(trial.user_attrs["over"]), trial.value))
