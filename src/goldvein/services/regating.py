"""Regating: a project's log under another gate. Posteriors are replayed exactly; what the gate does is anew.

What labelers were served stays as it was: the log does not know what they would have answered to something
else. Under the policies that were in force this is what happened, to the last decision; by test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from goldvein.decisions.auditing import readmits
from goldvein.decisions.gate import Gate, State, gate, hold_limit_seconds, passes, releases
from goldvein.decisions.serving import benchmark_rate
from goldvein.domain.policy import Policy
from goldvein.domain.records import UNANSWERABLE
from goldvein.services.observing import Past
from goldvein.services.replaying import (
    OF_AUDITS,
    STRETCH,
    Track,
    admitted,
    anew,
    move,
    renewed_items,
    run,
)
from goldvein.store.attempts import NO_DEADLINE
from goldvein.store.proofs import Step
from goldvein.store.whatif import Moment

DELIVERED, RELEASED, DISCARDED, HELD = "delivered", "released", "discarded", "held"
"""What becomes of an ordinary answer in the end; ``HELD`` is what still waits when the log ends."""


@dataclass(slots=True)
class Course:
    """What some policies make of a log.

    Attributes
    ----------
    policies : mapping of int to Policy
        The policy to follow in place of each version that the log names.
    fates : dict of int to str
        What became of each ordinary answer, by attempt.
    dismissed : dict of int to int
        Labelers who were dismissed, with the version of the standing that did it.
    rates : dict of (labeler, n) to float
        Share of benchmarks asked for after each step.
    passing : set of (labeler, n)
        Steps after which the labeler's answers go out.
    """

    policies: Mapping[int, Policy]
    fates: dict[int, str] = field(default_factory=dict)
    dismissed: dict[int, int] = field(default_factory=dict)
    rates: dict[tuple[int, int], float] = field(default_factory=dict)
    passing: set[tuple[int, int]] = field(default_factory=set)
    _ends: dict[int, datetime] = field(default_factory=dict)

    def page(
        self, past: Past, steps: Mapping[int, Sequence[Step]], moments: Mapping[int, Moment],
        logged: Mapping[int, Policy], until: datetime,
    ) -> None:  # fmt: skip
        """Follow some standings from their admission, in lockstep.

        Parameters
        ----------
        steps : mapping of labeler to sequence of Step
            All of each standing's, oldest first.
        moments : mapping of attempt to Moment
        logged : mapping of int to Policy
            The policies that were in force: a hold that both hold equally long ends when it did.
        until : datetime
            When the log ends.
        """
        tracks: dict[int, Track] = {}
        for n in range(max(map(len, steps.values()), default=0)):
            if n % STRETCH == 0:
                self._read(past, steps, n)
            now = [own[n] for own in steps.values() if n < len(own)]
            for step in now:
                if step.kind == "admit":
                    tracks[step.labeler] = admitted(step, past.models)
                elif step.kind == "rescored":
                    self._rescore(past, steps[step.labeler][: n + 1], tracks)
                    self._read(past, steps, n - n % STRETCH)
                elif step.kind in OF_AUDITS:
                    self._take_in(past, step, tracks[step.labeler])
            answered = [(step, tracks[step.labeler]) for step in now if step.kind == "answer"]
            for step, track in answered:
                self._let_go(track, moments[step.attempt or 0].at)
            move(past, answered, self.policies)
            for step, track in answered:
                self._settle(past, step, track, moments, logged)
            self._note_rates(past, [(step, tracks[step.labeler]) for step in now])
        for track in tracks.values():
            for attempt in track.holds:
                self.fates[attempt] = DISCARDED if self._ends[attempt] <= until else HELD

    def clear(self) -> None:
        """Forget what was noted of the page before."""
        self.rates.clear()
        self.fates.clear()
        self.passing.clear()

    def _read(self, past: Past, steps: Mapping[int, Sequence[Step]], first: int) -> None:
        past.read([step for own in steps.values() for step in own[first : first + STRETCH]])

    def _rescore(self, past: Past, steps: Sequence[Step], tracks: dict[int, Track]) -> None:
        """Compute a standing anew from its log, with the answers that are held under these policies."""
        step, before = steps[-1], tracks[steps[-1].labeler]
        track = admitted(steps[0], past.models)
        again = anew(steps[1:-1], renewed_items(step))
        run(past, self.policies, [(track, again, set(before.holds))])
        tracks[step.labeler] = track
        self._dismiss(step, track)
        if track.state != State.DISMISSED:
            self.dismissed.pop(step.labeler, None)

    def _take_in(self, past: Past, step: Step, track: Track) -> None:
        """Move by an audit or a ruling; who is in under these policies is not let in again, to start anew."""
        is_needless = step.kind == "ruling" and step.decision != State.DISMISSED
        if is_needless and track.state != State.DISMISSED:
            return
        move(past, [(step, track)], self.policies)
        if step.kind == "audited" and readmits(track.state, track.p[0]):
            track.be_ruled(past.models, State.ADMITTED)
        self._dismiss(step, track)
        if track.state != State.DISMISSED:
            self.dismissed.pop(step.labeler, None)

    def _let_go(self, track: Track, now: datetime) -> None:
        """Discard what was held long enough before an answer came."""
        for attempt in [attempt for attempt in track.holds if self._ends[attempt] <= now]:
            del track.holds[attempt]
            self.fates[attempt] = DISCARDED

    def _settle(
        self, past: Past, step: Step, track: Track, moments: Mapping[int, Moment],
        logged: Mapping[int, Policy],
    ) -> None:  # fmt: skip
        """Release what may go out by now, and pass the step's own answer through the gate."""
        policy = self.policies[step.policy_version]
        self._dismiss(step, track)
        for attempt in list(track.holds):
            if releases(track.smoothed(attempt), track.p[1], track.benchmarks, policy):
                del track.holds[attempt]
                self.fates[attempt] = RELEASED
        if step.stage != "label" or step.attempt is None:
            return
        decision = Gate.DISCARD
        if step.choice != UNANSWERABLE:
            decision = Gate(gate(*track.p, track.benchmarks, track.state, policy).item())
        if decision == Gate.HOLD:
            track.hold(past.models, step.attempt)
            self._ends[step.attempt] = _end_of_hold(
                step, moments[step.attempt], policy, logged[step.policy_version]
            )
        else:
            self.fates[step.attempt] = DELIVERED if decision == Gate.DELIVER else DISCARDED

    def _dismiss(self, step: Step, track: Track) -> None:
        if track.state != State.DISMISSED:
            return
        self.dismissed.setdefault(step.labeler, step.n)
        self.fates |= dict.fromkeys(track.holds, DISCARDED)
        track.holds.clear()

    def _note_rates(self, past: Past, rows: Sequence[tuple[Step, Track]]) -> None:
        """Whether answers go out, and the share of benchmarks asked for next, at standings as they are."""
        for version in {step.policy_version for step, _ in rows}:
            own = [(step, track) for step, track in rows if step.policy_version == version]
            p = np.array([track.p for _, track in own])
            watched = np.array([bool(past.models[step.model_version].leans) for step, _ in own])
            counts, states = [track.benchmarks for _, track in own], [track.state for _, track in own]
            asked = [
                benchmark_rate(p[:, 0], p[:, 1], counts, states, self.policies[version], is_watched=told)
                for told in (False, True)
            ]
            rates = np.where(watched, asked[1], asked[0]).tolist()
            out = passes(p[:, 0], p[:, 1], counts, states, self.policies[version]).tolist()
            places = [(step.labeler, step.n) for step, _ in own]
            self.rates |= dict(zip(places, rates, strict=True))
            self.passing.update(place for place, passing in zip(places, out, strict=True) if passing)


def _end_of_hold(step: Step, moment: Moment, policy: Policy, logged: Policy) -> datetime:
    """When a held answer is discarded at the latest."""
    ended = None if moment.why == "dismissed" else moment.ended_at
    as_it_was = step.decision == "hold" and moment.why != "dismissed"
    if as_it_was and policy.hold_seconds == logged.hold_seconds:
        return ended or NO_DEADLINE
    left = (moment.due_at - moment.at).total_seconds() if moment.due_at < NO_DEADLINE else None
    expires = moment.at + timedelta(seconds=hold_limit_seconds(left, policy))
    return expires if ended is None or moment.why == "time is up" else min(expires, ended)
