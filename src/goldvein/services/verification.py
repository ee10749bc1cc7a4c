"""Verification: proves the delivery promise from the log alone, and checks every sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goldvein.decisions.gate import State, gate, next_state, releases, undecided_after
from goldvein.decisions.judging import hold_joints, judge
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE, Project
from goldvein.services.evidence import Observation, likelihoods, signals
from goldvein.services.standing import pack
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from goldvein.store import benchmarks, projects, proofs
from goldvein.store.database import Database, Transaction
from goldvein.store.proofs import Release, Step, Stored

TOLERANCE = 1e-9
"""How far a recomputed probability may lie from the logged one elsewhere; on the same build, nowhere."""

_PAGE = 200
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a promise."""

    promise: str
    project: int
    row: int
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what is broken."""

    rows: Mapping[str, int]
    steps: int
    broken: Sequence[Broken]
    bit_for_bit: bool

    @property
    def ok(self) -> bool:
        """Whether every promise holds."""
        return not self.broken


@dataclass(slots=True)
class _Track:
    """One standing while its log is replayed."""

    posterior: tuple[Array, Array]
    state: State = State.ADMITTED
    benchmarks: int = 0
    undecided: int = 0
    p: tuple[float, float] = (0.0, 0.0)
    holds: dict[int, Array] = field(default_factory=dict)


@dataclass(slots=True)
class _Replay:
    """A project's log under replay."""

    project: int
    shuffled: bool
    models: Mapping[int, Model]
    policies: Mapping[int, Policy]
    tables: Mapping[tuple[int, int], Array]
    found: list[Broken] = field(default_factory=list)
    steps: int = 0
    exact: bool = True

    def say(self, promise: str, row: int, detail: str) -> None:
        self.found.append(Broken(promise, self.project, row, detail))

    def page(
        self, steps: Mapping[int, Sequence[Step]], let_out: Sequence[Release], stored: Sequence[Stored]
    ) -> None:
        """Replay some standings in lockstep, so that the filter's arrays are wide."""
        released: dict[tuple[int, int], list[Release]] = defaultdict(list)
        for release in let_out:
            released[release.labeler, release.n].append(release)
        tracks: dict[int, _Track] = {}
        for n in range(max(map(len, steps.values()), default=0)):
            now = [own[n] for own in steps.values() if n < len(own)]
            sound = [step for step in now if self._in_order(step, n)]
            for step in sound:
                if step.kind == "admit":
                    prior = newcomer(self.models[step.model_version])[:, 0]
                    tracks[step.labeler] = _Track((prior, prior))
            moved = [step for step in sound if step.kind == "answer" and step.labeler in tracks]
            for model_version in {step.model_version for step in moved}:
                self._move([step for step in moved if step.model_version == model_version], tracks, released)
            self.steps += len(now)
        for standing in stored:
            self._compare_stored(standing, tracks.get(standing.labeler), len(steps[standing.labeler]) - 1)

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
        model = self.models[steps[0].model_version]
        own = [tracks[step.labeler] for step in steps]
        held = [(place, attempt) for place, track in enumerate(own) for attempt in track.holds]
        joints = np.array([own[place].holds[attempt] for place, attempt in held]).T if held else None
        observed = [self._observation(step) for step in steps]
        verdicts = judge(
            model,
            np.array([track.posterior[0] for track in own]).T.copy(),
            np.array([track.posterior[1] for track in own]).T.copy(),
            likelihoods(model, observed),
            signals(model, observed, shuffled=self.shuffled),
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

    def _observation(self, step: Step) -> Observation:
        table = self.tables[step.task or 0, step.item_version or 0] if step.stage == "benchmark" else None
        return Observation(table, step.shown or (), UNANSWERABLE if step.choice is None else step.choice)

    def _compare(self, step: Step, track: _Track, model: Model) -> None:
        """The logged posterior, count, state and gate against the recomputed ones."""
        policy = self.policies[step.policy_version]
        is_benchmark = step.stage == "benchmark"
        track.benchmarks += is_benchmark
        track.undecided = int(undecided_after(track.undecided, track.p[0], policy, is_benchmark=is_benchmark))
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
        decision = "discard"
        if step.choice != UNANSWERABLE:
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
        if last == 0:
            return
        same_bits = standing.posterior == pack(track.posterior[0][:, None], track.posterior[1][:, None])[0]
        self.exact &= same_bits
        close = self._close(track.p, (standing.p_benchmarks, standing.p_all))
        if not close or (standing.state, standing.benchmarks) != (track.state, track.benchmarks):
            self.say(
                "a standing is what its log comes to",
                standing.labeler,
                f"stored {standing.state}, {standing.p_benchmarks!r}",
            )

    def _close(self, one: Sequence[float], other: Sequence[float]) -> bool:
        self.exact &= tuple(one) == tuple(other)
        return all(abs(a - b) <= TOLERANCE for a, b in zip(one, other, strict=True))


def verify(db: Database, project: int | None = None) -> Verification:
    """Check every promise against one snapshot of the database.

    Every standing and every decision of the gate is recomputed from the log and compared with what was stored
    and delivered; sums over answers, labels, tasks, attempts and events must come out even.

    Parameters
    ----------
    project : int, optional
        Replay only this project's log; the sums cover all.
    """
    with db.snapshot() as tx:
        broken = list(_sums(tx))
        steps, exact = 0, True
        for found in projects.list_all(tx, None):
            if project in (None, found.id):
                replay = _replay(tx, found)
                broken += replay.found
                steps += replay.steps
                exact &= replay.exact
        return Verification(proofs.count_rows(tx), steps, broken, exact)


def _sums(tx: Transaction) -> Iterator[Broken]:
    for name in proofs.SUMS:
        for project, row in proofs.broken(tx, name, _SHOWN):
            yield Broken(name.replace("_", " "), project, row, "")


def _replay(tx: Transaction, replayed: Project) -> _Replay:
    project = replayed.id
    model_values, policy_values = proofs.versions(tx, project)
    models = {version: Model.from_dict(values) for version, values in model_values.items()}
    policies = {version: Policy.from_dict(values) for version, values in policy_values.items()}
    states = next(iter(models.values())).space.size if models else 1
    tables = {
        key: np.frombuffer(stored).reshape(states, -1)
        for key, (_, stored) in benchmarks.all_likelihoods(tx, project).items()
    }
    replay = _Replay(project, replayed.classes is None, models, policies, tables)
    after = 0
    while page := proofs.labelers_of(tx, project, after, _PAGE):
        after = page[-1]
        try:
            replay.page(
                proofs.steps(tx, project, page),
                proofs.releases(tx, project, page),
                proofs.stored(tx, project, page),
            )
        except KeyError as missing:
            replay.say("every version that a decision names is stored", page[0], f"there is no {missing}")
    return replay
