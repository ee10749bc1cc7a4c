"""Proving: a project's log, replayed by the functions that judged it, against what was logged and stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goldvein.decisions.gate import State, gate, next_state, releases, undecided_after
from goldvein.decisions.judging import hold_joints, judge
from goldvein.decisions.serving import NOTHING_LEFT
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.evidence import likelihoods, signals
from goldvein.services.observing import Past
from goldvein.services.standing import converted, newcomer_posteriors, pack
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.posterior import good_mass
from goldvein.store.proofs import Kept, Release, Step, Stored

TOLERANCE = 1e-9
"""How far a recomputed probability may lie from the logged one elsewhere; on the same build, nowhere."""

_STRETCH = 50


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a promise."""

    promise: str
    project: int
    row: int
    detail: str


@dataclass(slots=True)
class _Track:
    """One standing while its log is replayed."""

    posterior: tuple[Array, Array]
    model_version: int
    state: State = State.ADMITTED
    benchmarks: int = 0
    undecided: int = 0
    p: tuple[float, float] = (0.0, 0.0)
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


@dataclass(slots=True)
class Replay:
    """A project's log under replay."""

    past: Past
    policies: Mapping[int, Policy]
    found: list[Broken] = field(default_factory=list)
    steps: int = 0
    exact: bool = True

    def say(self, promise: str, row: int, detail: str) -> None:
        """Note a row that breaks a promise."""
        self.found.append(Broken(promise, self.past.project, row, detail))

    def page(
        self,
        steps: Mapping[int, Sequence[Step]],
        let_out: Sequence[Release],
        stored: Sequence[Stored],
        kept: Sequence[Kept],
    ) -> None:
        """Replay some standings in lockstep, so that the filter's arrays are wide."""
        released: dict[tuple[int, int], list[Release]] = defaultdict(list)
        for release in let_out:
            released[release.labeler, release.n].append(release)
        tracks: dict[int, _Track] = {}
        for n in range(max(map(len, steps.values()), default=0)):
            if n % _STRETCH == 0:
                self.past.read([step for own in steps.values() for step in own[n : n + _STRETCH]])
            now = [own[n] for own in steps.values() if n < len(own)]
            sound = [step for step in now if self._in_order(step, n)]
            for step in sound:
                if step.kind == "admit":
                    tracks[step.labeler] = self._admitted(step)
            moved = [step for step in sound if step.kind == "answer" and step.labeler in tracks]
            for model_version in {step.model_version for step in moved}:
                self._move([step for step in moved if step.model_version == model_version], tracks, released)
            self.steps += len(now)
        for standing in stored:
            self._compare_stored(standing, tracks.get(standing.labeler), len(steps[standing.labeler]) - 1)
        for one in kept:
            self._compare_kept(one, tracks.get(one.labeler))

    def _admitted(self, step: Step) -> _Track:
        """Where a labeler starts, by the population and what the log says was heard in other projects."""
        model = self.past.models[step.model_version]
        beliefs = [one["masses"] for one in (step.detail or {}).get("elsewhere", ())]
        start = newcomer_posteriors(model, beliefs)
        p_benchmarks, p_all = (float(good_mass(prior, model)[0]) for prior in start)
        if not self._close((p_benchmarks, p_all), (step.p_benchmarks, step.p_all)):
            self.say(
                "a newcomer starts where the population and other projects say", step.labeler,
                f"logged {step.p_benchmarks!r}, {step.p_all!r}, recomputed {p_benchmarks!r}, {p_all!r}",
            )  # fmt: skip
        return _Track((start[0][:, 0], start[1][:, 0]), step.model_version, p=(p_benchmarks, p_all))

    def _in_order(self, step: Step, n: int) -> bool:
        if step.n == n and (step.kind == "admit") == (n == 0):
            return True
        self.say("a standing's versions have no gap", step.labeler, f"version {n} is missing or stands twice")
        return False

    def _move(
        self,
        steps: Sequence[Step],
        tracks: Mapping[int, _Track],
        released: Mapping[tuple[int, int], Sequence[Release]],
    ) -> None:
        """One lockstep: the same function that judged them judges them again."""
        model = self.past.models[steps[0].model_version]
        own = [tracks[step.labeler] for step in steps]
        for track in own:
            track.meet(self.past.models, steps[0].model_version)
        held = [(place, attempt) for place, track in enumerate(own) for attempt in track.holds]
        joints = np.array([own[place].holds[attempt] for place, attempt in held]).T if held else None
        observed = [self.past.observation(step) for step in steps]
        likelihood = likelihoods(model, observed)
        verdicts = judge(
            model,
            np.array([track.posterior[0] for track in own]).T.copy(),
            np.array([track.posterior[1] for track in own]).T.copy(),
            likelihood,
            signals(model, observed, likelihood, shuffled=self.past.classes is None),
            joints,
            np.array([place for place, _ in held], dtype=np.int64) if held else None,
        )
        for at, (place, attempt) in enumerate(held):
            own[place].holds[attempt] = verdicts.joints[:, at]
        for place, (step, track) in enumerate(zip(steps, own, strict=True)):
            track.posterior = verdicts.posterior_benchmarks[:, place], verdicts.posterior_all[:, place]
            track.p = float(verdicts.p_benchmarks[place]), float(verdicts.p_all[place])
            self._compare(step, track, model)
            for release in released.get((step.labeler, step.n), ()):
                self._compare_release(release, track)
            if track.state == State.DISMISSED:
                track.holds.clear()

    def _compare(self, step: Step, track: _Track, model: Model) -> None:
        """The logged posterior, count, state and gate against the recomputed ones."""
        policy = self.policies[step.policy_version]
        is_benchmark = step.stage == "benchmark"
        track.benchmarks += is_benchmark
        exhausted = step.draw == NOTHING_LEFT
        track.undecided = int(
            undecided_after(
                track.undecided, *track.p, policy, is_benchmark=is_benchmark, is_exhausted=exhausted
            )
        )
        state = next_state(track.p[0], track.benchmarks, track.state, policy, undecided=track.undecided)
        track.state = State(state.item())
        row = step.attempt or 0
        if not self._close(track.p, (step.p_benchmarks, step.p_all)) or track.benchmarks != step.benchmarks:
            self.say(
                "a standing follows from its log", row,
                f"labeler {step.labeler} version {step.n}: logged {step.p_benchmarks!r}, {step.p_all!r} "
                f"after {step.benchmarks} benchmarks, recomputed {track.p[0]!r}, {track.p[1]!r} after "
                f"{track.benchmarks}",
            )  # fmt: skip
        if step.stage == "benchmark":
            return
        decision = "decoy" if step.stage == "decoy" else "discard"
        if step.stage == "label" and step.choice != UNANSWERABLE:
            decision = gate(*track.p, track.benchmarks, track.state, policy).item()
        if decision != step.decision:
            self.say(
                "the gate decides as its rule says", row, f"logged {step.decision}, recomputed {decision}"
            )
        if decision == "hold" and step.attempt is not None:
            track.holds[step.attempt] = hold_joints(model, track.posterior[0][:, None])[:, 0]

    def _compare_release(self, release: Release, track: _Track) -> None:
        joint = track.holds.pop(release.attempt, None)
        smoothed = float(np.add.accumulate(joint)[-1]) if joint is not None else float("nan")
        policy = self.policies[release.policy_version]
        same = self._close((smoothed,), (release.smoothed,))
        if not same or not releases(smoothed, track.p[1], track.benchmarks, policy):
            self.say(
                "a held answer is released only once its labeler is known to have been good", release.attempt,
                f"labeler {release.labeler} version {release.n}: logged {release.smoothed!r}, "
                f"recomputed {smoothed!r}",
            )  # fmt: skip

    def _compare_stored(self, standing: Stored, track: _Track | None, last: int) -> None:
        if track is None or standing.n != last:
            self.say(
                "a standing is what its log comes to",
                standing.labeler,
                f"stored version {standing.n}, log ends at {last}",
            )
            return
        both = pack(track.posterior[0][:, None], track.posterior[1][:, None])[0]
        close = self._close(track.p, (standing.p_benchmarks, standing.p_all))
        close &= self._same(standing.posterior, both)
        recomputed = (track.state, track.benchmarks, track.undecided, track.model_version)
        stored = (standing.state, standing.benchmarks, standing.undecided, standing.model_version)
        if not close or stored != recomputed:
            self.say(
                "a standing is what its log comes to",
                standing.labeler,
                f"stored {standing.state}, {standing.p_benchmarks!r}",
            )

    def _compare_kept(self, kept: Kept, track: _Track | None) -> None:
        joint = track.holds.get(kept.attempt) if track is not None else None
        if joint is None or not self._same(kept.joint, joint.tobytes()):
            self.say(
                "what is known of a held answer follows from the log", kept.attempt, f"labeler {kept.labeler}"
            )

    def _same(self, one: bytes, other: bytes) -> bool:
        """Whether stored arrays are those recomputed, as nearly as another machine computes them."""
        self.exact &= one == other
        return len(one) == len(other) and np.allclose(
            np.frombuffer(one), np.frombuffer(other), rtol=0, atol=TOLERANCE
        )

    def _close(self, one: Sequence[float], other: Sequence[float]) -> bool:
        self.exact &= tuple(one) == tuple(other)
        return all(abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))
