"""The simulated operating characteristic, against the service's own functions and against the formula."""

from dataclasses import replace

import numpy as np
import pytest

from goldvein.decisions.characteristic import Course, drawn_by, remaining, simulate
from goldvein.decisions.gate import Gate, State, gate, next_state
from goldvein.decisions.judging import judge
from goldvein.decisions.operating import Bench, compute
from goldvein.decisions.serving import benchmark_rate, draw_benchmarks
from goldvein.domain.policy import Policy
from goldvein.stats.characteristic import by_formula, contrasts
from goldvein.stats.items import served_likelihoods
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from goldvein.stats.selection import remaining_variance
from goldvein.stats.servings import Servings, outcomes
from tests.decisions.pools import pool

POLICY = Policy()
MODEL, SERVINGS = pool()


def states(model: Model, *names: str) -> list[int]:
    return [model.space.names.index(name) for name in names]


def well(model: Model, away: float) -> int:
    """The ability so many logits off the bar."""
    return int(np.argmin(np.abs(model.space.thetas - model.bar_theta - away)))


def test_candidates_are_compared_as_the_service_compares_them() -> None:
    """The same numbers as ``selection.remaining_variance``, for any posteriors."""
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(MODEL.space.size), size=(2, 5)).transpose(0, 2, 1)
    candidates = rng.integers(SERVINGS.n_items, size=(2, 7))
    found = remaining(p, drawn_by(MODEL, SERVINGS)[candidates], MODEL.space.good)
    for group in range(2):
        wanted = remaining_variance(
            p[group], MODEL, SERVINGS.tables, np.tile(candidates[group], (5, 1)), SERVINGS.exposures
        )
        assert np.allclose(found[group].T, wanted, atol=1e-12)


def slow_verdicts(
    rng: np.random.Generator, model: Model, servings: Servings, truth: int, horizon: int
) -> tuple[int, str]:
    """One labeler through the service's functions, answer by answer: benchmarks to a verdict, and which."""
    posterior = newcomer(model)
    tables = [servings.tables[:, item, :5] for item in range(servings.n_items)]
    unseen = np.arange(servings.n_items)
    p, n, state = float(model.prior[model.space.good].sum()), 0, State.ADMITTED.value
    while n < horizon:
        served = rng.random() < benchmark_rate(p, p, n, state, POLICY, is_watched=False)
        likelihood = np.ones((model.space.size, 1))
        if served:
            (draw,) = draw_benchmarks(
                rng, posterior, [unseen], servings.tables, servings.exposures, model, POLICY
            )
            assert draw is not None
            order = rng.permutation(4)
            exposures = [int(servings.exposures[draw.index])]
            each = [
                served_likelihoods(model, [tables[draw.index]], [order], [choice], exposures)[:, 0]
                for choice in range(5)
            ]
            chances = np.array([one[truth] for one in each])
            likelihood = each[int(rng.choice(5, p=chances / chances.sum()))][:, None]
            unseen = unseen[unseen != draw.index]
            n += 1
        verdicts = judge(model, posterior, posterior, likelihood)
        posterior, p = verdicts.posterior_benchmarks, float(verdicts.p_benchmarks[0])
        state = str(next_state(p, n, state, POLICY))
        if state == State.DISMISSED:
            return n, "dismissed"
        if gate(p, p, n, state, POLICY) == Gate.DELIVER:
            return n, "delivering"
    return horizon, "none"


@pytest.mark.parametrize("name", ["random", "longest", "good"])
def test_the_simulation_agrees_with_the_service_one_answer_at_a_time(name: str) -> None:
    """Mean benchmarks to a verdict, and which verdict, within what chance explains."""
    truth = well(MODEL, 1.5) if name == "good" else MODEL.space.state_of(name)
    rng = np.random.default_rng(7)
    slow = [slow_verdicts(rng, MODEL, SERVINGS, truth, 40) for _ in range(120)]
    fast = simulate(rng, MODEL, SERVINGS, POLICY, [truth], labelers=600, horizon=40)
    counts = np.array([n for n, _ in slow], dtype=float)
    chance = counts.std() * np.sqrt(1 / 120 + 1 / 600)
    assert abs(counts.mean() - fast.to_verdict[0]) < 4 * chance + 0.05
    let_in = np.mean([what == "delivering" for _, what in slow])
    assert abs(let_in - fast.let_through[-1, 0]) < 4 * np.sqrt(0.25 * (1 / 120 + 1 / 600))


def both(best_of: bool) -> tuple[Course, list[int]]:
    truths = list(range(MODEL.space.size))
    course = simulate(
        np.random.default_rng(2), MODEL, SERVINGS, POLICY, truths, labelers=150, best_of=best_of
    )
    return course, truths


def test_better_people_fare_better() -> None:
    """Both errors fall with the distance from the bar; nobody good is lost, no shortcut is let through."""
    course, _ = both(best_of=True)
    grid = MODEL.space.n_abilities
    accepted, dismissed = course.let_through[-1, :grid], course.dismissed[-1, :grid]
    assert (np.diff(accepted) > -0.12).all()
    assert (np.diff(dismissed) < 0.12).all()
    assert accepted[0] < 0.1
    assert accepted[-1] > 0.95
    assert dismissed[well(MODEL, 0.5) :].max() < 0.03
    rules = [MODEL.space.state_of(name) for name in ("random", "first", "last", "longest", "shortest")]
    assert course.let_through[-1, rules].max() < 0.06
    assert course.dismissed[-1, rules].min() > 0.95
    assert (np.diff(course.dismissed, axis=0) >= 0).all()
    assert (np.diff(course.let_through, axis=0) >= 0).all()


def test_telling_benchmarks_end_a_shortcut_sooner() -> None:
    """The draw of one of the best few, against any unseen one: three times fewer for the longest option."""
    state = MODEL.space.state_of("longest")
    chosen, at_random = both(best_of=True)[0], both(best_of=False)[0]
    assert chosen.to_verdict[state] < 0.5 * at_random.to_verdict[state]


def test_the_formula_says_what_the_simulation_says() -> None:
    """Where verdicts come: shortcuts' within a quarter, others' within a factor of two, never too late."""
    course, truths = both(best_of=False)
    formula = by_formula(
        MODEL, contrasts(outcomes(MODEL, SERVINGS)), truths, deliver_at=POLICY.suspect_below,
        dismiss_at=POLICY.dismiss_at, least=POLICY.min_benchmarks, horizon=60,
        rate=lambda p, n: benchmark_rate(p, p, n, "admitted", POLICY, is_watched=False),
    )  # fmt: skip
    decided = course.decided > 0.97
    assert decided.sum() >= 10
    ratio = formula.to_verdict[decided] / course.to_verdict[decided]
    assert (ratio > 0.5).all()
    assert (ratio < 1.25).all()
    rules = np.array(truths)[decided] >= MODEL.space.n_abilities
    assert ratio[rules].min() > 0.75
    assert np.abs(formula.dismissed[20, decided] - course.dismissed[20, decided]).max() < 0.25
    far = np.array([state for state in truths if not decided[state]])
    assert (formula.to_verdict[far] > formula.to_verdict[decided].mean()).all()
    bad = ~MODEL.space.good[truths]
    assert formula.delivering[60, bad].max() < 0.1


def test_a_small_pool_ends_early_and_a_worn_one_is_served_last() -> None:
    """Nobody answers more benchmarks than there are; worn benchmarks are for when nothing is left."""
    model, servings = pool(12)
    course = simulate(np.random.default_rng(1), model, servings, POLICY, [0, 12], labelers=20, horizon=60)
    assert len(course.delivering) == 13
    half = replace(servings, exposures=np.array([0] * 6 + [POLICY.exposure_cap] * 6))
    assert len(simulate(np.random.default_rng(1), model, half, POLICY, [0], labelers=20).delivering) == 7
    worn = pool(12, exposures=POLICY.exposure_cap)[1]
    assert len(simulate(np.random.default_rng(1), model, worn, POLICY, [0], labelers=20).delivering) == 13


def test_where_ordinary_answers_are_read_they_raise_no_suspicion() -> None:
    """The gate then asks for ``deliver_at`` on benchmarks alone, and benchmarks come at the floor's rate."""
    watched = replace(MODEL, leans={"longest": 2.0})
    truth = [well(MODEL, 1.5)]
    course, blind = (
        simulate(np.random.default_rng(5), of, SERVINGS, POLICY, truth, labelers=300, horizon=20)
        for of in (watched, MODEL)
    )
    assert course.let_through[8, 0] >= blind.let_through[8, 0]
    assert course.to_verdict[0] < blind.to_verdict[0]


def test_what_would_change_the_figures() -> None:
    """Random answers are told sooner by easier benchmarks, the longest option by more counter-examples."""
    found = compute(np.random.default_rng(4), Bench(MODEL, SERVINGS, POLICY, 0.05))
    what = {
        (one["change"], one.get("logits"), one.get("shortcut")): one["needed"] for one in found["what_if"]
    }
    now = what["none", None, None]["shortcuts"]
    easier, harder = (what["difficulty", logits, None]["shortcuts"] for logits in (-1.0, 1.0))
    assert easier["random"]["mean_to_verdict"] < now["random"]["mean_to_verdict"]
    assert harder["random"]["mean_to_verdict"] > now["random"]["mean_to_verdict"]
    countered = what["counter_examples", None, "longest"]["shortcuts"]
    assert countered["longest"]["mean_to_verdict"] < now["longest"]["mean_to_verdict"]
    assert found["needed"]["shortcuts"]["random"]["dismiss"] < 45
    assert found["population"]["wrongly_dismissed"] < 0.02
    assert len(found["people"]) == MODEL.space.size
    assert all(len(one["dismissed"]) == len(found["after"]) for one in found["people"])
