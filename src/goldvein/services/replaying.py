"""Replaying: the steps of standings, judged again by the functions that judged them.

The same for verifying what was logged and for rescoring, when answers of the past count otherwise by now. An
answer's item version says how it counts; so to count it otherwise is to replay it with another one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from goldvein.decisions.auditing import let_in_again
from goldvein.decisions.gate import State, next_state, undecided_after
from goldvein.decisions.judging import hold_joints, judge, weigh
from goldvein.decisions.serving import NOTHING_LEFT
from goldvein.domain.policy import Policy
from goldvein.services.evidence import likelihoods, signals
from goldvein.services.observing import Past
from goldvein.services.standing import converted, newcomer_posteriors
from goldvein.stats.arrays import Array, BoolArray
from goldvein.stats.model import Model
from goldvein.stats.posterior import good_mass
from goldvein.store.proofs import Step

STRETCH: Final = 50
"""Steps of each standing whose items and contents are read at once."""


# --- by which item version an answer counts ---------------------------------------------


def renewed_items(step: Step) -> dict[int, int]:
    """Tasks and the item versions by which earlier answers to them count since a rescoring."""
    return {int(task): int(version) for task, version in (step.detail or {}).get("items", {}).items()}


def counted_by(steps: Sequence[Step], items: Mapping[int, int]) -> list[Step]:
    """Steps with answers to these tasks taken by the item versions given, where those are newer."""
    newer = [newer_item(step, items) for step in steps]
    return [
        step if version is None else replace(step, item_version=version)
        for step, version in zip(steps, newer, strict=True)
    ]


def newer_item(step: Step, items: Mapping[int, int]) -> int | None:
    """The item version by which an answer to a benchmark counts, if not by its own."""
    if step.stage != "benchmark" or step.task is None or step.item_version is None:
        return None
    version = items.get(step.task, 0)
    return version if step.item_version < version else None


def as_counted(steps: Sequence[Step]) -> list[Step]:
    """Some steps of a standing in a row, with answers as they count for it after the last of them."""
    last = max((at for at, step in enumerate(steps) if step.kind == "rescored"), default=None)
    if last is None:
        return list(steps)
    return [*counted_by(steps[:last], renewed_items(steps[last])), *steps[last:]]


def anew(steps: Sequence[Step], items: Mapping[int, int]) -> list[Step]:
    """What a rescoring replays: everything but earlier rescorings, counted by these item versions."""
    return counted_by([step for step in steps if step.kind != "rescored"], items)


# --- one standing under replay ----------------------------------------------------------


@dataclass(slots=True)
class Track:
    """One standing while its steps are replayed."""

    posterior: tuple[Array, Array]
    model_version: int
    p: tuple[float, float]
    state: State = State.ADMITTED
    benchmarks: int = 0
    undecided: int = 0
    holds: dict[int, Array] = field(default_factory=dict)

    def meet(self, models: Mapping[int, Model], model_version: int) -> None:
        """Go over to the model version of the next step."""
        if model_version == self.model_version:
            return
        both = converted(np.array(self.posterior).T, models, self.model_version, model_version)
        self.posterior = both[:, 0], both[:, 1]
        self.holds = {
            attempt: converted(joint[:, None], models, self.model_version, model_version)[:, 0]
            for attempt, joint in self.holds.items()
        }
        self.model_version = model_version

    def hold(self, models: Mapping[int, Model], attempt: int) -> None:
        """Follow what is known of an answer that is held from this step on."""
        joint = hold_joints(models[self.model_version], self.posterior[0][:, None])
        self.holds[attempt] = joint[:, 0]

    def smoothed(self, attempt: int) -> float:
        """P(labeler good at a held answer | everything until now)."""
        return float(np.add.accumulate(self.holds[attempt])[-1])

    def take_in(self, models: Mapping[int, Model], likelihood: Array, policy: Policy) -> None:
        """Move by what an audit found of past work: (states,)."""
        model, held = models[self.model_version], list(self.holds)
        joints = np.array([self.holds[one] for one in held]).T if held else np.empty((len(likelihood), 0))
        verdict = weigh(
            model, self.posterior[0][:, None], self.posterior[1][:, None], likelihood[:, None], joints
        )
        self.posterior = verdict.posterior_benchmarks[:, 0], verdict.posterior_all[:, 0]
        self.p = float(verdict.p_benchmarks[0]), float(verdict.p_all[0])
        self.holds = {one: verdict.joints[:, at] for at, one in enumerate(held)}
        spent = undecided_after(self.undecided, *self.p, policy, is_benchmark=False)
        self.undecided = int(spent)
        after = next_state(self.p[0], self.benchmarks, self.state, policy, undecided=spent)
        self.state = State(after.item())

    def be_ruled(self, models: Mapping[int, Model], state: str) -> None:
        """Go, or come back to a probation, by what was decided."""
        if state == State.DISMISSED:
            self.state = State.DISMISSED
            return
        model = models[self.model_version]
        own, every = (let_in_again(one[:, None], model) for one in self.posterior)
        self.posterior = own[:, 0], every[:, 0]
        self.p = float(good_mass(own, model)[0]), float(good_mass(every, model)[0])
        self.state, self.benchmarks, self.undecided = State.ADMITTED, 0, 0


OF_AUDITS: Final = ("audited", "ruling")
"""Steps that are no answers: what an audit found, and what somebody decided."""


def admitted(step: Step, models: Mapping[int, Model]) -> Track:
    """Where a labeler starts, by the population and what the log says was heard in other projects."""
    model = models[step.model_version]
    beliefs = [one["masses"] for one in (step.detail or {}).get("elsewhere", ())]
    start = newcomer_posteriors(model, beliefs)
    p_benchmarks, p_all = (float(good_mass(prior, model)[0]) for prior in start)
    return Track((start[0][:, 0], start[1][:, 0]), step.model_version, (p_benchmarks, p_all))


# --- steps ------------------------------------------------------------------------------


def move(past: Past, rows: Sequence[tuple[Step, Track]], policies: Mapping[int, Policy]) -> None:
    """Move distinct standings by one step each, whose items and contents were read, and apply the rules."""
    for step, track in rows:
        if step.kind in OF_AUDITS:
            _settle(past, step, track, policies)
    rows = [(step, track) for step, track in rows if step.kind not in OF_AUDITS]
    for version in {step.model_version for step, _ in rows}:
        _judge_again(past, [(step, track) for step, track in rows if step.model_version == version])
    for version in {step.policy_version for step, _ in rows}:
        own = [(step, track) for step, track in rows if step.policy_version == version]
        _rule(own, policies[version], np.array([past.counts(step) for step, _ in own]))


def _settle(past: Past, step: Step, track: Track, policies: Mapping[int, Policy]) -> None:
    """Move one standing by an audit, or by a ruling."""
    track.meet(past.models, step.model_version)
    if step.kind == "audited":
        told = np.array((step.detail or {})["likelihood"], dtype=float)
        track.take_in(past.models, told, policies[step.policy_version])
    else:
        track.be_ruled(past.models, step.decision or "")


def _judge_again(past: Past, rows: Sequence[tuple[Step, Track]]) -> None:
    """One lockstep: the same function that judged them judges them again."""
    version = rows[0][0].model_version
    model, own = past.models[version], [track for _, track in rows]
    for track in own:
        track.meet(past.models, version)
    held = [(place, attempt) for place, track in enumerate(own) for attempt in track.holds]
    joints = np.array([own[place].holds[attempt] for place, attempt in held]).T if held else None
    observed = [past.observation(step) for step, _ in rows]
    likelihood = likelihoods(model, observed)
    verdicts = judge(
        model,
        np.array([track.posterior[0] for track in own]).T.copy(),
        np.array([track.posterior[1] for track in own]).T.copy(),
        likelihood,
        signals(model, observed, likelihood, shuffled=past.classes is None),
        joints,
        np.array([place for place, _ in held], dtype=np.int64) if held else None,
    )
    for at, (place, attempt) in enumerate(held):
        own[place].holds[attempt] = verdicts.joints[:, at]
    for place, track in enumerate(own):
        track.posterior = verdicts.posterior_benchmarks[:, place], verdicts.posterior_all[:, place]
        track.p = float(verdicts.p_benchmarks[place]), float(verdicts.p_all[place])


def _rule(rows: Sequence[tuple[Step, Track]], policy: Policy, counts: BoolArray) -> None:
    """Counts and states after a step."""
    tracks = [track for _, track in rows]
    p = np.array([track.p for track in tracks])
    benchmarks = np.array([track.benchmarks for track in tracks]) + counts
    undecided = undecided_after(
        [track.undecided for track in tracks], p[:, 0], p[:, 1], policy, is_benchmark=counts,
        is_exhausted=[step.draw == NOTHING_LEFT for step, _ in rows],
    )  # fmt: skip
    states = next_state(p[:, 0], benchmarks, [track.state for track in tracks], policy, undecided=undecided)
    columns = zip(tracks, benchmarks.tolist(), undecided.tolist(), states.tolist(), strict=True)
    for track, count, spent, state in columns:
        track.benchmarks, track.undecided, track.state = count, spent, State(state)


def run(
    past: Past,
    policies: Mapping[int, Policy],
    histories: Sequence[tuple[Track, Sequence[Step], Collection[int]]],
) -> None:
    """Move some tracks through their answers, in lockstep, so that the filter's arrays are wide.

    Parameters
    ----------
    histories : sequence of (Track, sequence of Step, collection of int)
        Each with the answers to go through, and the attempts among them that are held.
    """
    for n in range(max((len(steps) for _, steps, _ in histories), default=0)):
        if n % STRETCH == 0:
            past.read([step for _, steps, _ in histories for step in steps[n : n + STRETCH]])
        rows = [(steps[n], track) for track, steps, _ in histories if n < len(steps)]
        move(past, rows, policies)
        for track, steps, held in histories:
            if n < len(steps) and steps[n].attempt in held:
                track.hold(past.models, steps[n].attempt or 0)
