"""A small simulated project for tests: mined benchmarks, labelers of known kinds, the real decisions.

True abilities, difficulties and keys are known to the simulation only; the policy sees what a live project
would: the panel's answers, what the shortcuts would choose, and the answers given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import Gate, State, gate, next_state, releases
from goldvein.decisions.judging import hold_joints, judge
from goldvein.decisions.mining import Continue, Promote, settle
from goldvein.decisions.serving import benchmark_rate, draw_benchmarks
from goldvein.stats.items import bar_theta, item_table, served_likelihoods, stack_tables
from goldvein.stats.model import Model, make_answer_model, make_model
from goldvein.stats.posterior import newcomer

if TYPE_CHECKING:
    from goldvein.domain.policy import Policy
    from goldvein.stats.arrays import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Benchmarks:
    """Mined benchmarks; ``difficulty`` and ``key`` are the truth, the rest is what the project knows."""

    model: Model
    tables: list[Array]
    pool: Array
    key: IntArray
    difficulty: Array
    longest: IntArray
    n_options: int


def solve(theta: Array, difficulty: Array, n_options: int) -> Array:
    """True P(right)."""
    return 1 / n_options + (1 - 1 / n_options) / (1 + np.exp(difficulty - theta))


def ability_for(accuracy: float, difficulty: Array, n_options: int) -> float:
    """True ability whose mean accuracy on these items is the given one."""
    low, high = -15.0, 15.0
    for _ in range(50):
        middle = (low + high) / 2
        right = solve(np.array(middle), difficulty, n_options).mean() < accuracy
        low, high = (middle, high) if right else (low, middle)
    return low


def wrong_option(rng: np.random.Generator, key: int, n_options: int) -> int:
    """One attractor takes most wrong answers."""
    others = [(key + 1 + i) % n_options for i in range(n_options - 1)]
    return others[0] if rng.random() < 0.6 else others[int(rng.integers(len(others)))]


def mine(
    rng: np.random.Generator,
    policy: Policy,
    n_benchmarks: int,
    *,
    n_options: int = 4,
    longest_right: float = 0.85,
    n_trusted: int = 9,
) -> Benchmarks:
    """Mine from a mixed pool with a panel of good people, and open the project."""
    answers = make_answer_model()
    found: list[tuple[float, int, Promote]] = []
    while len(found) < n_benchmarks:
        difficulty, key = float(rng.normal(0, 1.2)), int(rng.integers(n_options))
        choices: list[int] = []
        while True:
            right = rng.random() < solve(np.array(rng.normal(2.4, 0.5)), np.array(difficulty), n_options)
            choices.append(key if right else wrong_option(rng, key, n_options))
            settled = settle(answers, n_options, choices, n_trusted - len(choices), policy)
            if not isinstance(settled, Continue):
                break
        if isinstance(settled, Promote):
            found.append((difficulty, key, settled))
    weights = [promoted.difficulty_weights for _, _, promoted in found]
    bar = bar_theta(policy.quality_bar, answers, [n_options] * n_benchmarks, weights)
    model = make_model(bar, answers=answers)
    tables, longest = [], []
    for _, _, promoted in found:
        hits = rng.random() < longest_right
        longest.append(promoted.key if hits else wrong_option(rng, promoted.key, n_options))
        rules = {"longest": (longest[-1],), "shortest": ((longest[-1] + 2) % n_options,)}
        tables.append(item_table(model, promoted.key_probs, promoted.difficulty_weights, rules))
    return Benchmarks(
        model=model,
        tables=tables,
        pool=stack_tables(tables),
        key=np.array([key for _, key, _ in found]),
        difficulty=np.array([difficulty for difficulty, _, _ in found]),
        longest=np.array(longest),
        n_options=n_options,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What happened to each labeler: (n,) arrays."""

    delivered: IntArray
    released: IntArray
    ordinary: IntArray
    benchmarks: IntArray
    dismissed: Array
    last_delivered: IntArray
    first_delivered: IntArray
    delivered_bad: IntArray


def answer_benchmark(
    rng: np.random.Generator, kind: str, theta: float, world: Benchmarks, item: int, order: IntArray
) -> int:
    """What a labeler of this kind answers."""
    if kind == "honest":
        right = rng.random() < solve(np.array(theta), world.difficulty[item], world.n_options)
        return int(world.key[item]) if right else wrong_option(rng, int(world.key[item]), world.n_options)
    if kind == "random" or rng.random() < 0.03:
        return int(rng.integers(world.n_options))
    return int(order[0]) if kind == "first" else int(world.longest[item])


def run(
    rng: np.random.Generator,
    world: Benchmarks,
    policy: Policy,
    kinds: list[str],
    accuracies: list[float],
    n_answers: int,
    *,
    sleep_until: int = 100,
) -> Outcome:
    """Let labelers work; kinds are honest, random, first, longest, or sleeper (honest, later random)."""
    n, model = len(kinds), world.model
    thetas = [ability_for(accuracy, world.difficulty, world.n_options) for accuracy in accuracies]
    posterior = newcomer(model, n)
    p = np.full(n, float(model.prior[model.space.good].sum()))
    seen = [np.zeros(len(world.tables), dtype=bool) for _ in range(n)]
    exposures = np.zeros(len(world.tables), dtype=np.int64)
    state = np.array([State.ADMITTED.value] * n, dtype=object)
    counts = {
        name: np.zeros(n, dtype=np.int64) for name in ("del", "rel", "ord", "ben", "last", "first", "bad")
    }
    counts["first"][:] = -1
    joints, owners, ages = np.empty((model.space.size, 0)), np.empty(0, dtype=np.int64), np.empty(0)
    for step in range(n_answers):
        active = np.flatnonzero(state != State.DISMISSED)
        rates = benchmark_rate(p[active], counts["ben"][active], state[active], policy)
        wants = active[rng.random(len(active)) < rates]
        unseen = [np.flatnonzero(~seen[i] & (exposures < policy.exposure_cap)) for i in wants]
        draws = draw_benchmarks(
            rng,
            posterior[:, wants],
            unseen,
            world.pool,
            np.zeros(world.pool.shape[1], dtype=np.int64),
            model,
            policy,
        )
        likelihood = np.ones((model.space.size, n))
        served = {int(i): d.index for i, d in zip(wants, draws, strict=True) if d is not None}
        orders = {i: rng.permutation(world.n_options) for i in served}
        choices = {}
        for i, item in served.items():
            kind = kinds[i]
            if kind == "sleeper":
                kind = "honest" if step < sleep_until else "random"
            choices[i] = answer_benchmark(rng, kind, thetas[i], world, item, orders[i])
            seen[i][item] = True
            exposures[item] += 1
            counts["ben"][i] += 1
        if served:
            likelihood[:, list(served)] = served_likelihoods(
                model,
                [world.tables[k] for k in served.values()],
                list(orders.values()),
                list(choices.values()),
                [0] * len(choices),
            )
        verdicts = judge(model, posterior, posterior, likelihood, None, joints, owners)
        posterior, p, joints = verdicts.posterior_benchmarks, verdicts.p_benchmarks, verdicts.joints
        ages = ages + 1
        out = np.array(
            [
                releases(s, p[o], int(counts["ben"][o]), policy)
                for s, o in zip(verdicts.smoothed, owners, strict=True)
            ],
            dtype=bool,
        )
        np.add.at(counts["rel"], owners[out], 1)
        for owner in owners[out].tolist():
            asleep = kinds[owner] == "sleeper" and step < sleep_until
            counts["bad"][owner] += kinds[owner] != "honest" and not asleep
        keep = ~out & (ages < 60) & (state[owners] != State.DISMISSED)
        joints, owners, ages = joints[:, keep], owners[keep], ages[keep]
        new = []
        for i in active.tolist():
            if i not in served:
                counts["ord"][i] += 1
                decided = gate(p[i], p[i], int(counts["ben"][i]), state[i], policy)
                if decided == Gate.DELIVER:
                    counts["del"][i] += 1
                    counts["last"][i] = step
                    if counts["first"][i] < 0:
                        counts["first"][i] = step
                    counts["bad"][i] += kinds[i] != "honest" and not (
                        kinds[i] == "sleeper" and step < sleep_until
                    )
                elif decided == Gate.HOLD and (owners == i).sum() < policy.max_held:
                    new.append(i)
            state[i] = next_state(p[i], int(counts["ben"][i]), state[i], policy).item()
        if new:
            joints = np.concatenate([joints, hold_joints(model, posterior[:, new])], axis=1)
            owners, ages = (
                np.concatenate([owners, new]).astype(np.int64),
                np.concatenate([ages, np.zeros(len(new))]),
            )
    return Outcome(
        delivered=counts["del"],
        released=counts["rel"],
        ordinary=counts["ord"],
        benchmarks=counts["ben"],
        dismissed=state == State.DISMISSED,
        last_delivered=counts["last"],
        first_delivered=counts["first"],
        delivered_bad=counts["bad"],
    )
