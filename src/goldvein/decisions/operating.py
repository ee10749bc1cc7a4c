"""The operating characteristic as figures: whom benchmarks and policy let in, keep out, dismiss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.decisions.characteristic import Course, simulate
from goldvein.decisions.gate import State
from goldvein.decisions.serving import benchmark_rate
from goldvein.stats.characteristic import (
    Contrasts,
    Formula,
    benchmarks_for,
    by_formula,
    chernoff_information,
    contrasts,
    sprt_benchmarks,
)
from goldvein.stats.servings import (
    Servings,
    accuracies,
    counter_example_share,
    harder,
    outcomes,
    with_counter_examples,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array
    from goldvein.stats.model import Model

LABELERS: Final = 200
"""Simulated for each true ability and shortcut."""
LABELERS_IF: Final = 100
"""Simulated for each of the few that a change is tried on."""
HORIZON: Final = 60
"""Benchmarks looked ahead."""
MORE_COUNTER_EXAMPLES: Final = 0.25
"""Share of the benchmarks that a change makes counter-examples."""
_SHOWN: Final = (4, 8, 12, 20, 30, 40, 60)
_TRIED_RULES: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What the computation reads: nothing of it is a person."""

    model: Model
    servings: Servings
    policy: Policy
    target: float

    @property
    def marks(self) -> list[int]:
        """States that are judged: an ability well under the bar, one well over it, all shortcuts."""
        space = self.model.space
        well = [int(np.argmin(np.abs(space.thetas - self.model.bar_theta - away))) for away in (-1.0, 1.0)]
        return [*well, *range(space.n_abilities, space.size)]


def compute(rng: np.random.Generator, bench: Bench) -> dict[str, Any]:
    """Simulate, approximate, and try what would change the figures."""
    model, servings, policy = bench.model, bench.servings, bench.policy
    truths = list(range(model.space.size))
    course = simulate(rng, model, servings, policy, truths, labelers=LABELERS, horizon=HORIZON)
    return {
        "computed": True,
        "benchmarks": servings.n_items,
        "quality_bar": policy.quality_bar,
        "target": bench.target,
        "simulated": {
            "labelers_each": LABELERS,
            "benchmarks_each": len(course.delivering) - 1,
            "draw": f"one of the best {policy.best_of} of {policy.candidates_drawn}",
        },
        "set_aside_per_labeler": policy.benchmarks_per_labeler,
        "after": _after(course),
        "people": _people(bench, course),
        "population": _population(bench, course),
        "needed": _needed(bench, course),
        "what_if": _what_if(rng, bench),
    }


def _after(course: Course) -> list[int]:
    return [n for n in _SHOWN if n < len(course.delivering)]


def _people(bench: Bench, course: Course) -> list[dict[str, Any]]:
    """One entry for each true ability and shortcut."""
    model, policy = bench.model, bench.policy
    chances = outcomes(model, bench.servings)
    evidence = contrasts(chances)
    formula = _formula(bench, course, evidence)
    bad, well = bench.marks[:2]
    right, after = accuracies(bench.model, bench.servings), _after(course)
    people = []
    for place, state in enumerate(course.truths.tolist()):
        good = bool(model.space.good[state])
        is_ability = state < model.space.n_abilities
        rival = bad if good else well
        fewest = sprt_benchmarks(float(evidence.mean[state, rival]), *_errors(policy, good=good))
        people.append({
            "name": model.space.names[state],
            "shortcut": None if is_ability else model.space.names[state],
            "ability": float(model.space.thetas[state]) if is_ability else None,
            "accuracy": float(right[state]), "good": good,
            "delivering": course.delivering[after, place].tolist(),
            "let_through": course.let_through[after, place].tolist(),
            "dismissed": course.dismissed[after, place].tolist(),
            "delivered_share": float(course.delivered[place]),
            "benchmarks_to_verdict": float(course.to_verdict[place]),
            "verdict_share": float(course.decided[place]),
            "by_formula": {
                "benchmarks_to_verdict": float(formula.to_verdict[place]),
                "delivering": formula.delivering[after, place].tolist(),
                "dismissed": formula.dismissed[after, place].tolist(),
                "fewest_benchmarks": fewest,
                "information_per_benchmark": float(chernoff_information(chances, state, rival).mean()),
            },
        })  # fmt: skip
    return people


def _formula(bench: Bench, course: Course, evidence: Contrasts) -> Formula:
    """The same by formula; ordinary answers raise no suspicion where they are read."""
    model, policy = bench.model, bench.policy
    watched = bool(model.leans)
    return by_formula(
        model, evidence, course.truths.tolist(),
        deliver_at=policy.deliver_at if watched else max(policy.deliver_at, policy.suspect_below),
        dismiss_at=policy.dismiss_at, least=policy.min_benchmarks, horizon=len(course.delivering) - 1,
        rate=lambda p, n: benchmark_rate(
            p, np.ones_like(p) if watched else p, n, State.ADMITTED, policy, is_watched=watched
        ),
    )  # fmt: skip


def _errors(policy: Policy, *, good: bool) -> tuple[float, float]:
    """Wrong and missed verdicts that the policy's thresholds allow, for a good or a bad labeler."""
    wrongly_in, wrongly_out = 1 - policy.deliver_at, max(policy.dismiss_at, 1e-6)
    return (wrongly_in, wrongly_out) if good else (wrongly_out, wrongly_in)


def _population(bench: Bench, course: Course) -> dict[str, float]:
    """Errors over the population that the model expects, after the last benchmark simulated."""
    good, prior = bench.model.space.good[course.truths], bench.model.prior[course.truths]
    ends = {
        "wrongly_dismissed": (course.dismissed[-1], good),
        "wrongly_delivering": (course.delivering[-1], ~good),
    }
    errors = {
        name: float(prior[own] @ values[own] / prior[own].sum()) for name, (values, own) in ends.items()
    }
    return errors | {"benchmarks_to_verdict": float(prior @ course.to_verdict / prior.sum())}


def _needed(bench: Bench, course: Course) -> dict[str, Any]:
    """Benchmarks for a verdict with so few mistakes: for good people, for bad ones, for each shortcut."""
    place = {state: i for i, state in enumerate(course.truths.tolist())}
    bad, well, *rules = bench.marks
    right, names = accuracies(bench.model, bench.servings), bench.model.space.names
    judged = _Judged(bench, course)
    return {
        "let_in": {"accuracy": float(right[well]), **judged.let_in(place[well])},
        "keep_out": {"accuracy": float(right[bad]), **judged.keep_out(place[bad])},
        "shortcuts": {
            names[rule]: {"accuracy": float(right[rule]), **judged.keep_out(place[rule])} for rule in rules
        },
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Counts of benchmarks and shares of people, from a simulation."""

    bench: Bench
    course: Course

    def let_in(self, place: int) -> dict[str, Any]:
        """When good people are let through; None where too many of them still wait at the end."""
        through = self.course.let_through[:, place]
        set_aside = min(self.bench.policy.benchmarks_per_labeler, len(through) - 1)
        return {
            "benchmarks": self._count(1 - through),
            "mean_to_verdict": float(self.course.to_verdict[place]),
            "share_by_set_aside": float(through[set_aside]),
            "share_at_end": float(through[-1]),
        }

    def keep_out(self, place: int) -> dict[str, Any]:
        """When bad people no longer deliver, and when they are dismissed."""
        dismissed = self.course.dismissed[:, place]
        return {
            "benchmarks": self._count(self.course.delivering[:, place]),
            "dismiss": self._count(1 - dismissed),
            "mean_to_verdict": float(self.course.to_verdict[place]),
            "share_ever_in": float(self.course.let_through[-1, place]),
            "share_dismissed": float(dismissed[-1]),
        }

    def _count(self, error: Array) -> int | None:
        return benchmarks_for(error, self.bench.target, self.bench.policy.min_benchmarks)


def _what_if(rng: np.random.Generator, bench: Bench) -> list[dict[str, Any]]:
    """Try the same people with the same luck on the benchmarks as they are, and on changed ones."""
    seed = int(rng.integers(2**62))
    model, servings = bench.model, bench.servings
    tries: list[tuple[dict[str, Any], Servings]] = [({"change": "none"}, servings)]
    tries += [
        ({"change": "difficulty", "logits": logits}, harder(model, servings, logits))
        for logits in (-1.0, 1.0)
    ]
    for rule in _guessable(bench):
        share = min(1.0, counter_example_share(model, servings, rule) + MORE_COUNTER_EXAMPLES)
        changed = with_counter_examples(model, servings, rule, share)
        tries.append(({"change": "counter_examples", "shortcut": rule, "share": share}, changed))
    found = []
    for what, pool in tries:
        course = simulate(
            np.random.default_rng(seed), model, pool, bench.policy, bench.marks,
            labelers=LABELERS_IF, horizon=HORIZON,
        )  # fmt: skip
        changed_bench = Bench(model, pool, bench.policy, bench.target)
        found.append(what | {"needed": _needed(changed_bench, course)})
    return found


def _guessable(bench: Bench) -> Sequence[str]:
    """Content rules that pass the most benchmarks, where counter-examples are in the minority."""
    model = bench.model
    shares = {rule: counter_example_share(model, bench.servings, rule) for rule in model.space.content_rules}
    return [rule for rule in sorted(shares, key=lambda r: shares[r]) if shares[rule] < 0.5][:_TRIED_RULES]
