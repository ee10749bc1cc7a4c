"""Proving: a project's log, replayed by the functions that judged it, against what was logged and stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goldvein.decisions.gate import State, gate, releases
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.judge import WOULD
from goldvein.services.observing import Past
from goldvein.services.recounting import Recounted
from goldvein.services.replaying import OF_AUDITS, STRETCH, Track, admitted, anew, move, renewed_items, run
from goldvein.services.standing import pack
from goldvein.store.proofs import Kept, Release, Step, Stored

TOLERANCE = 1e-9
"""How far a recomputed probability may lie from the logged one elsewhere; on the same build, nowhere."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a promise."""

    promise: str
    project: int
    row: int
    detail: str


@dataclass(slots=True)
class Replay:
    """A project's log under replay."""

    past: Past
    policies: Mapping[int, Policy]
    recounted: Recounted
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
        renewed = self._rescore(steps, let_out)
        tracks: dict[int, Track] = {}
        for n in range(max(map(len, steps.values()), default=0)):
            if n % STRETCH == 0:
                self.past.read([step for own in steps.values() for step in own[n : n + STRETCH]])
            now = [own[n] for own in steps.values() if n < len(own)]
            sound = [step for step in now if self._in_order(step, n)]
            for step in sound:
                if step.kind == "admit":
                    tracks[step.labeler] = self._admitted(step)
                elif step.kind == "rescored" and step.labeler in tracks:
                    tracks[step.labeler] = self._rescored(step, renewed[step.labeler, step.n])
            moves = [s for s in sound if s.kind in ("answer", *OF_AUDITS) and s.labeler in tracks]
            self._move(moves, tracks, released)
            self.steps += len(now)
        for standing in stored:
            own = steps[standing.labeler]
            self._compare_stored(standing, tracks.get(standing.labeler), len(own) - 1)
            for row, why in self.recounted.forgotten(standing.labeler, own):
                self.say("an answer counts by the item version that its benchmark says", row, why)
        for one in kept:
            self._compare_kept(one, tracks.get(one.labeler))

    def _rescore(
        self, steps: Mapping[int, Sequence[Step]], let_out: Sequence[Release]
    ) -> dict[tuple[int, int], Track]:
        """Compute each standing that was rescored from its log alone, as it was at that step."""
        out = {(release.labeler, release.attempt): release.n for release in let_out}
        renewed: dict[tuple[int, int], Track] = {}
        histories = []
        for labeler, own in steps.items():
            for place, step in enumerate(own):
                if step.kind != "rescored" or own[0].kind != "admit":
                    continue
                past = anew(own[1:place], renewed_items(step))
                held = {
                    one.attempt
                    for one in past
                    if one.attempt is not None
                    and one.decision == "hold"
                    and out.get((labeler, one.attempt), step.n) >= step.n
                }
                renewed[labeler, step.n] = track = admitted(own[0], self.past.models)
                histories.append((track, past, held))
        run(self.past, self.policies, histories)
        return renewed

    def _rescored(self, step: Step, track: Track) -> Track:
        """A standing that was computed anew, compared with what was logged of it."""
        for row, why in self.recounted.unfounded(step):
            self.say("answers count otherwise only where a benchmark was frozen or got another key", row, why)
        logged = (step.model_version, step.benchmarks, step.decision)
        recomputed = (track.model_version, track.benchmarks, str(track.state))
        if not self._close(track.p, (step.p_benchmarks, step.p_all)) or logged != recomputed:
            self.say(
                "a standing that is rescored follows from its log", step.labeler,
                f"version {step.n}: logged {step.p_benchmarks!r}, {step.p_all!r}, {logged}, "
                f"recomputed {track.p[0]!r}, {track.p[1]!r}, {recomputed}",
            )  # fmt: skip
        if track.state == State.DISMISSED:
            track.holds.clear()
        return track

    def _admitted(self, step: Step) -> Track:
        """Where a labeler starts, compared with what was logged."""
        track = admitted(step, self.past.models)
        if not self._close(track.p, (step.p_benchmarks, step.p_all)):
            self.say(
                "a newcomer starts where the population and other projects say", step.labeler,
                f"logged {step.p_benchmarks!r}, {step.p_all!r}, recomputed {track.p[0]!r}, {track.p[1]!r}",
            )  # fmt: skip
        return track

    def _in_order(self, step: Step, n: int) -> bool:
        if step.n == n and (step.kind == "admit") == (n == 0):
            return True
        self.say("a standing's versions have no gap", step.labeler, f"version {n} is missing or stands twice")
        return False

    def _move(
        self,
        steps: Sequence[Step],
        tracks: Mapping[int, Track],
        released: Mapping[tuple[int, int], Sequence[Release]],
    ) -> None:
        """One lockstep, compared with what was logged."""
        move(self.past, [(step, tracks[step.labeler]) for step in steps], self.policies)
        for step in steps:
            track = tracks[step.labeler]
            self._compare(step, track)
            for release in released.get((step.labeler, step.n), ()):
                self._compare_release(release, track)
            if track.state == State.DISMISSED:
                track.holds.clear()

    def _compare(self, step: Step, track: Track) -> None:
        """The logged posterior, count and gate against the recomputed ones."""
        row = step.attempt or 0
        if not self._close(track.p, (step.p_benchmarks, step.p_all)) or track.benchmarks != step.benchmarks:
            self.say(
                "a standing follows from its log", row,
                f"labeler {step.labeler} version {step.n}: logged {step.p_benchmarks!r}, {step.p_all!r} "
                f"after {step.benchmarks} benchmarks, recomputed {track.p[0]!r}, {track.p[1]!r} after "
                f"{track.benchmarks}",
            )  # fmt: skip
        if step.kind in OF_AUDITS:
            self._compare_ruling(step, track)
        if step.stage == "benchmark" or step.kind in OF_AUDITS:
            return
        decision = "decoy" if step.stage == "decoy" else "discard"
        if step.stage != "decoy" and step.choice != UNANSWERABLE:
            policy = self.policies[step.policy_version]
            decision = gate(*track.p, track.benchmarks, track.state, policy).item()
        if step.stage == "reference":
            decision = f"{WOULD}{decision}"
        if decision != step.decision:
            self.say(
                "the gate decides as its rule says", row, f"logged {step.decision}, recomputed {decision}"
            )
        if decision == "hold" and step.attempt is not None:
            track.hold(self.past.models, step.attempt)

    def _compare_ruling(self, step: Step, track: Track) -> None:
        """The state after an audit or a ruling, against the logged one."""
        if step.decision != str(track.state):
            self.say(
                "what an audit or a ruling makes of a standing is what its log says", step.labeler,
                f"version {step.n}: logged {step.decision}, recomputed {track.state}",
            )  # fmt: skip

    def _compare_release(self, release: Release, track: Track) -> None:
        smoothed = track.smoothed(release.attempt) if release.attempt in track.holds else float("nan")
        track.holds.pop(release.attempt, None)
        policy = self.policies[release.policy_version]
        same = self._close((smoothed,), (release.smoothed,))
        if not same or not releases(smoothed, track.p[1], track.benchmarks, policy):
            self.say(
                "a held answer is released only once its labeler is known to have been good", release.attempt,
                f"labeler {release.labeler} version {release.n}: logged {release.smoothed!r}, "
                f"recomputed {smoothed!r}",
            )  # fmt: skip

    def _compare_stored(self, standing: Stored, track: Track | None, last: int) -> None:
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

    def _compare_kept(self, kept: Kept, track: Track | None) -> None:
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
