"""Laws of the quality core on any history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldvein.decisions.gate import Gate, State, gate, next_state, undecided_after
from goldvein.decisions.judging import Verdicts, hold_joints, judge
from goldvein.decisions.serving import draw_benchmarks
from goldvein.domain.policy import Policy
from goldvein.stats.items import item_table, served_likelihoods, stack_tables
from goldvein.stats.mining import task_evidence
from goldvein.stats.model import Model, make_answer_model, make_model
from goldvein.stats.posterior import newcomer
from tests.stats import twins, worlds

MODEL = worlds.model()
ITEMS = worlds.random_tables(MODEL, np.random.default_rng(12), 24)
POOL = stack_tables(ITEMS)
POLICY = Policy()


@dataclass(frozen=True)
class Step:
    """One answer: to a benchmark (an item) or ordinary (None)."""

    item: int | None
    order: tuple[int, ...]
    choice: int


steps = st.builds(
    Step,
    item=st.none() | st.integers(0, len(ITEMS) - 1),
    order=st.permutations(range(4)).map(tuple),
    choice=st.integers(0, 4),
)
histories = st.lists(steps, min_size=1, max_size=25)


def likelihood_of(step: Step, model: Model = MODEL) -> np.ndarray:
    if step.item is None:
        return np.ones((model.space.size, 1))
    return served_likelihoods(model, [ITEMS[step.item]], [step.order], [step.choice], [3])


def follow(history: list[Step], signal: np.ndarray | None = None) -> list[Verdicts]:
    """A labeler's verdicts, computed alone; each answer may carry the same signal."""
    p_benchmarks = p_all = newcomer(MODEL)
    out = []
    for step in history:
        out.append(judge(MODEL, p_benchmarks, p_all, likelihood_of(step), signal))
        p_benchmarks, p_all = out[-1].posterior_benchmarks, out[-1].posterior_all
    return out


@given(histories)
def test_posteriors_stay_distributions(history: list[Step]) -> None:
    """Non-negative, and summing to one."""
    for verdict in follow(history):
        assert (verdict.posterior_benchmarks >= 0).all()
        assert verdict.posterior_benchmarks.sum() == pytest.approx(1.0, abs=1e-12)
        assert 0.0 <= verdict.p_benchmarks[0] <= 1.0 + 1e-12


@settings(max_examples=40)
@given(st.lists(histories, min_size=2, max_size=9), st.randoms(use_true_random=False))
def test_a_group_computes_what_each_would_alone(labelers: list[list[Step]], random: object) -> None:
    """Bit for bit, whatever the size of the group and the place in it, held answers and draws included."""
    length = min(len(history) for history in labelers)
    n = len(labelers)
    alone = [follow(history[:length]) for history in labelers]
    p, joints = newcomer(MODEL, n), np.empty((MODEL.space.size, 0))
    joints_alone = [np.empty((MODEL.space.size, 0)) for _ in range(n)]
    owners = np.arange(n)
    for at in range(length):
        likelihood = np.concatenate([likelihood_of(history[at]) for history in labelers], axis=1)
        verdicts = judge(MODEL, p, p, likelihood, None, joints if at else None, owners if at else None)
        for i in range(n):
            assert (verdicts.posterior_benchmarks[:, [i]] == alone[i][at].posterior_benchmarks).all()
            assert verdicts.p_benchmarks[i] == alone[i][at].p_benchmarks[0]
            if at:
                one = judge(
                    MODEL,
                    p[:, [i]],
                    p[:, [i]],
                    likelihood[:, [i]],
                    None,
                    joints_alone[i],
                    np.zeros(1, dtype=int),
                )
                assert one.smoothed[0] == verdicts.smoothed[i]
                joints_alone[i] = one.joints
            else:
                joints_alone[i] = hold_joints(MODEL, verdicts.posterior_benchmarks[:, [i]])
        p = verdicts.posterior_benchmarks
        joints = verdicts.joints if at else hold_joints(MODEL, p)


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_draws_do_not_depend_on_company(n: int, seed: int) -> None:
    """With the same random numbers, a labeler's draw is the same alone."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(MODEL.space.size), size=n).T.copy()
    unseen = [np.flatnonzero(rng.random(len(ITEMS)) < 0.8) for _ in range(n)]
    together = draw_benchmarks(
        np.random.default_rng(seed), p, unseen, POOL, np.zeros(POOL.shape[1], dtype=np.int64), MODEL, POLICY
    )
    stream = np.random.default_rng(seed)
    alone = [
        draw_benchmarks(
            stream, p[:, [i]], [unseen[i]], POOL, np.zeros(POOL.shape[1], dtype=np.int64), MODEL, POLICY
        )[0]
        for i in range(n)
    ]

    assert together == alone


@settings(max_examples=25)
@given(st.lists(steps, min_size=1, max_size=8))
def test_replay_by_exact_arithmetic_gives_the_stored_state(history: list[Step]) -> None:
    """The filter over the log equals a recomputation in fractions."""
    expected = twins.filtered(MODEL, [likelihood_of(step)[:, 0] for step in history])[-1]

    stored = follow(history)[-1].posterior_benchmarks[:, 0]

    assert stored == pytest.approx([float(v) for v in expected], rel=1e-12, abs=1e-18)


@settings(max_examples=15)
@given(st.lists(steps, min_size=2, max_size=7), st.data())
def test_smoothing_equals_two_passes(history: list[Step], data: st.DataObject) -> None:
    """P(good at a held answer), carried forward, is what the whole history says."""
    held_at = data.draw(st.integers(0, len(history) - 2))
    p, joints = newcomer(MODEL), None
    for at, step in enumerate(history):
        verdicts = judge(MODEL, p, p, likelihood_of(step), None, joints, np.zeros(1, dtype=int))
        p = verdicts.posterior_benchmarks
        joints = hold_joints(MODEL, p) if at == held_at else (verdicts.joints if at > held_at else None)

    expected = twins.smoothed_good(MODEL, [likelihood_of(step)[:, 0] for step in history], held_at)
    assert verdicts.smoothed[0] == pytest.approx(float(expected), rel=1e-11)


signals = st.lists(st.floats(0.5, 2.0), min_size=26, max_size=26)
thresholds = st.floats(0.5, 0.999)


@given(histories, signals, thresholds, thresholds, st.integers(1, 8))
def test_gate_never_delivers_below_the_bar(
    history: list[Step], weights: list[float], deliver_at: float, suspect_below: float, min_benchmarks: int
) -> None:
    """Whatever happened before, a delivered label has P(good) of both kinds and benchmarks behind it."""
    policy = Policy(deliver_at=deliver_at, suspect_below=suspect_below, min_benchmarks=min_benchmarks)
    state, benchmarks, undecided = State.ADMITTED, 0, 0
    for step, verdict in zip(history, follow(history, np.array(weights)[:, None]), strict=True):
        benchmarks += step.item is not None
        p, p_all = float(verdict.p_benchmarks[0]), float(verdict.p_all[0])
        undecided = int(undecided_after(undecided, p, p_all, policy, is_benchmark=step.item is not None))
        state = State(next_state(p, benchmarks, state, policy, undecided=undecided).item())
        if gate(p, p_all, benchmarks, state, policy) == Gate.DELIVER:
            assert p >= deliver_at - 1e-6
            assert p_all >= suspect_below - 1e-6
            assert benchmarks >= min_benchmarks
            assert state is not State.DISMISSED


@given(histories, signals)
def test_signals_never_stand_in_for_benchmarks(history: list[Step], weights: list[float]) -> None:
    """Whatever signals say, only those are delivered whom benchmarks alone have shown to be good."""
    benchmarks = 0
    without = follow(history)
    for step, verdict, alone in zip(
        history, follow(history, np.array(weights)[:, None]), without, strict=True
    ):
        benchmarks += step.item is not None
        assert verdict.p_benchmarks[0] == alone.p_benchmarks[0]
        shown, known = float(verdict.p_benchmarks[0]), float(verdict.p_all[0])
        if gate(shown, known, benchmarks, "admitted", POLICY) == Gate.DELIVER:
            assert gate(shown, 1.0, benchmarks, "admitted", POLICY) == Gate.DELIVER
            assert shown >= POLICY.deliver_at - 1e-6


@settings(max_examples=60)
@given(
    n_options=st.integers(2, 9),
    bar=st.floats(-6, 2),
    choices=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    rules=st.dictionaries(st.sampled_from(["longest", "shortest"]), st.sets(st.integers(0, 8), min_size=1)),
)
def test_item_tables_are_distributions(
    n_options: int, bar: float, choices: list[int], rules: dict[str, set[int]]
) -> None:
    """Whatever the panel said: every state's row is non-negative and sums to one."""
    evidence = task_evidence(make_answer_model(), n_options, [min(c, n_options) for c in choices])
    chosen = {
        name: sorted({min(option, n_options - 1) for option in options}) for name, options in rules.items()
    }
    key = int(np.argmax(evidence.key_probs))

    table = item_table(make_model(bar), evidence.key_probs, evidence.difficulty_weights(key), chosen)

    assert (table >= 0).all()
    assert table.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
    assert evidence.joint.sum() == pytest.approx(1.0, abs=1e-12)
