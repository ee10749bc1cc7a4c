"""Dispatch: gives each labeler the next piece of work, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import numpy as np

from goldvein.decisions.gate import State
from goldvein.decisions.serving import NOTHING_LEFT, benchmark_rate, serves_benchmark
from goldvein.domain.policy import Policy
from goldvein.domain.records import NoWork
from goldvein.services import warming
from goldvein.services.admission import admit
from goldvein.services.collecting import COLLECTING, collects, serve_everybody
from goldvein.services.drawing import draw_unseen
from goldvein.services.matching import Seeker, Take, match_any, match_behind, pair_off
from goldvein.services.panel import is_on_panel, looks_first, serve_panel
from goldvein.services.views import Item, View, Views
from goldvein.services.writes import Writes
from goldvein.store import attempts
from goldvein.store.attempts import BEGINNING, NO_DEADLINE, Lease, OpenAttempt
from goldvein.store.database import Transaction
from goldvein.store.labelers import LeaseInHand
from goldvein.store.standings import Standing
from goldvein.tasktypes import choice

_LAPSES_EVERY = timedelta(seconds=1)
_SPARE = 64
_DECOYS_SOONER = 1.5


@dataclass(slots=True)
class Given:
    """A lease just made; ``attempt`` is known once the row is written."""

    lease: Lease
    fence: int


@dataclass(slots=True)
class Desk:
    """One group's handing out."""

    tx: Transaction
    views: Views
    by_project: Mapping[int, View]
    writes: Writes
    now: datetime
    rng: np.random.Generator
    given: dict[int, Given] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)

    def hand_out(self, seekers: Sequence[Seeker]) -> dict[int, Given | NoWork]:
        """Give every seeker a lease or a reason; projects are tried by least slack, sandboxes last."""
        order = sorted(self.by_project.values(), key=self._turn)
        for view in order if seekers else ():
            if view.lapses_swept_at is None or self.now - view.lapses_swept_at >= _LAPSES_EVERY:
                self._lapse(view)
            here = [one for one in seekers if one.labeler not in self.given and self._may_seek(view, one)]
            if not here:
                continue
            told = [seeker.reason for seeker in here]
            self._serve(view, here)
            if view.project.is_sandbox:
                warming.keep_reasons(here, told)
        return {seeker.labeler: self.given.get(seeker.labeler) or seeker.no_work for seeker in seekers}

    def _may_seek(self, view: View, seeker: Seeker) -> bool:
        return warming.may_seek(view, seeker, self.writes.standings)

    def _turn(self, view: View) -> tuple[bool, datetime, float]:
        return view.project.is_sandbox, self._due(view), self.rng.random()

    def _due(self, view: View) -> datetime:
        """The earliest deadline that waits; only asked where there is a choice of projects."""
        if len(self.by_project) == 1:
            return NO_DEADLINE
        return attempts.first_due(self.tx, view.project.id) or NO_DEADLINE

    def _lapse(self, view: View) -> None:
        """Take back leases that ran out, and look at the whole queue again, at most once a second."""
        view.lapses_swept_at = self.now
        view.head = BEGINNING
        lapsed = attempts.take_lapsed(self.tx, view.project.id, self.now, self._ended(view))
        attempts.end(self.tx, {(view.project.id, attempt): "lapsed" for attempt, _ in lapsed})
        attempts.insert_open(self.tx, [wanted for _, wanted in lapsed if wanted.stage != "benchmark"])

    def _ended(self, view: View) -> list[int]:
        """Attempts that this group ends: their rows say so only once it has written."""
        return [attempt for project, attempt in self.writes.ended if project == view.project.id]

    def _serve(self, view: View, seekers: Sequence[Seeker]) -> None:
        collecting = collects(self.tx, view, self.now)
        able = [seeker for seeker in seekers if self._may_work(view, seeker)]
        if collecting:
            serve_everybody(self, view, able)
            return
        panel = [seeker for seeker in able if is_on_panel(self, view, seeker)]
        first = [seeker for seeker in panel if looks_first(self, view, seeker)]
        if first:
            serve_panel(self, view, first)
        if view.project.state != "open":
            return
        crowd = [seeker for seeker in able if seeker.labeler not in self.given and self._admit(view, seeker)]
        self._set_rates(view, crowd)
        self._serve_benchmarks(view, [s for s in crowd if serves_benchmark(self.rng, s.rate)])
        self._serve_ordinary(view, [s for s in crowd if s.labeler not in self.given])
        waiting = [s for s in crowd if s.labeler not in self.given and self._standing(view, s).held]
        self._serve_benchmarks(view, waiting, is_drawn=False)
        idle = [s for s in panel if s not in first and s.labeler not in self.given]
        if idle:
            serve_panel(self, view, idle)

    def _set_rates(self, view: View, seekers: Sequence[Seeker]) -> None:
        """Note the share of benchmarks that each is to be served with; none was due in this project yet."""
        own = [self._standing(view, seeker) for seeker in seekers]
        rates = benchmark_rate(
            [standing.p_benchmarks for standing in own],
            [standing.p_all for standing in own],
            [standing.benchmarks for standing in own],
            [standing.state for standing in own],
            view.policy,
            is_watched=view.model is not None and bool(view.model.leans),
        )
        for seeker, rate in zip(seekers, rates.tolist(), strict=True):
            seeker.rate, seeker.is_exhausted = rate, False

    def _may_work(self, view: View, seeker: Seeker) -> bool:
        """Whether this labeler may work on this project at all; notes the reason if not."""
        if view.project.state == "paused":
            seeker.reason = "paused"
            return False
        if view.project.state == "mining":
            on_panel = view.bootstrap == COLLECTING or is_on_panel(self, view, seeker)
            seeker.reason = "queue_empty" if on_panel else "mining"
            return on_panel
        return True

    def _admit(self, view: View, seeker: Seeker) -> bool:
        """Whether the labeler is in, or can be let in now; a dismissed one only for a last few answers."""
        standing = self.find_standing(view, seeker)
        if standing is None:
            if not admit(self.tx, self.views, view, seeker.hand, self.writes, self.now):
                seeker.reason = "admission_full"
                return False
        elif standing.state == State.DISMISSED and not standing.grace:
            seeker.reason = "dismissed"
            return False
        return True

    def _ordinary(self, view: View, limit: int, passed: Sequence[int]) -> list[OpenAttempt]:
        """The queue of ordinary work, from where it began a moment ago: before lie traces of finished work.

        What is put in front meanwhile, by a requeue or an urgent push, is seen when the queue is next looked
        at from its beginning: within a second, or as soon as the rest of it is not enough.
        """
        queue = partial(attempts.take_open, self.tx, view.project.id, "label", limit, passed)
        found = queue(view.head)
        if view.head != BEGINNING and len(found) < limit:
            view.head = BEGINNING
            return queue(BEGINNING)
        return found

    def find_standing(self, view: View, seeker: Seeker) -> Standing | None:
        """The seeker's standing in a project, as this group has it by now."""
        return self.writes.standings.get((view.project.id, seeker.labeler))

    def _standing(self, view: View, seeker: Seeker) -> Standing:
        return self.writes.standings[view.project.id, seeker.labeler]

    # --- benchmarks ----------------------------------------------------------------------------------------

    def _serve_benchmarks(self, view: View, seekers: Sequence[Seeker], *, is_drawn: bool = True) -> None:
        """Lease a benchmark never seen to each seeker for whom there is one.

        Where the draw fell on ordinary work and there is none to give, the log names no rate.
        """
        for drawn in draw_unseen(self.tx, view, self.writes, self.rng, seekers):
            rate = drawn.seeker.rate if is_drawn else None
            self._give_benchmark(view, drawn.seeker, drawn.item, rate, drawn.probability)

    def _give_benchmark(
        self, view: View, seeker: Seeker, item: Item, rate: float | None, probability: float
    ) -> None:
        lease = Lease(
            view.project.id, None, item.task, item.content, "benchmark", NO_DEADLINE, seeker.labeler,
            self._order(view, item.table.shape[1] - 1), self._expiry(view), rate, probability,
            exposures=self.writes.exposures[view.project.id, item.task],
        )  # fmt: skip
        self.writes.exposures[view.project.id, item.task] += 1
        self.given[seeker.labeler] = Given(lease, 1)

    # --- ordinary work -------------------------------------------------------------------------------------

    def _serve_ordinary(self, view: View, seekers: Sequence[Seeker]) -> None:
        able = []
        for seeker in seekers:
            standing = self._standing(view, seeker)
            if standing.held >= view.policy.max_held:
                out = not len(view.unseen(standing.seen))
                seeker.reason = "benchmarks_exhausted" if out else "holds_full"
                if not out:
                    self._serve_benchmarks(view, [seeker], is_drawn=False)
            else:
                able.append(seeker)
        self._serve_beside(view, able, "decoy", _decoy_rate(view.policy))
        if view.checking:
            left = [seeker for seeker in able if seeker.labeler not in self.given]
            self._serve_beside(view, left, "reference", view.policy.reference_share)
        able = [seeker for seeker in able if seeker.labeler not in self.given]
        left = self.assign(view, able, "label", partial(self._ordinary, view))
        if left and view.project.is_sandbox:
            left = self.assign(view, left, "decoy", self._queue(view, "decoy"))
        for seeker in left:
            seeker.reason = "queue_empty"

    def _serve_beside(self, view: View, seekers: Sequence[Seeker], stage: str, share: float) -> None:
        """Lease what looks like ordinary work, and waits in a queue of its own, to a share of the seekers."""
        drawn = [seeker for seeker in seekers if self.rng.random() < share]
        if drawn:
            self.assign(view, drawn, stage, self._queue(view, stage))

    def _queue(self, view: View, stage: str) -> Take:
        return partial(attempts.take_open, self.tx, view.project.id, stage)

    def assign(self, view: View, seekers: Sequence[Seeker], stage: str, take: Take) -> list[Seeker]:
        """Lease the head of a queue to seekers who never had that content; return those who got nothing."""
        left, passed, had_in = list(seekers), [*self.taken, *self._ended(view)], warming.had_in(view)
        for limit in (len(left), len(left) + _SPARE, len(left) + 8 * _SPARE):
            if not left:
                break
            found = take(limit, passed)
            match = pair_off if limit == len(left) else match_any
            matched = match(self.tx, had_in, left, found)
            self.views.contents(self.tx, [(view.project.id, attempt.task) for _, attempt in matched])
            for seeker, attempt in matched:
                self._take(view, left, seeker, attempt, stage)
            passed += [attempt.id for _, attempt in matched]
            if stage == "label" and found:
                view.head = next((a.place for a in found if a.id not in self.taken), found[-1].place)
            if len(found) < limit and (match is match_any or len(matched) == len(found)):
                break
        else:
            if stage == "label" and not view.project.is_sandbox:  # whose original knows what people had
                behind = match_behind(self.tx, had_in, left, found[-1].place, passed)
                for seeker, attempt in behind:
                    self._take(view, left, seeker, attempt, stage)
        return left

    def _take(self, view: View, left: list[Seeker], seeker: Seeker, attempt: OpenAttempt, stage: str) -> None:
        """One attempt of a queue for one of those who are left without."""
        self.taken.append(attempt.id)
        left.remove(seeker)
        self._give(view, seeker, attempt, stage)

    def _give(self, view: View, seeker: Seeker, attempt: OpenAttempt, stage: str) -> None:
        key = (view.project.id, attempt.task)
        content = self.views.contents(self.tx, [key])[key]
        options = len(choice.choices_of(content.input, view.project.classes))
        lease = Lease(
            view.project.id, attempt.id, attempt.task, attempt.content, stage, attempt.due_at, seeker.labeler,
            self._order(view, options), self._expiry(view), seeker.rate if stage != "panel" else None,
            NOTHING_LEFT if stage != "panel" and seeker.is_exhausted else None,
        )  # fmt: skip
        self.given[seeker.labeler] = Given(lease, attempt.fence + 1)

    def _order(self, view: View, options: int) -> list[int]:
        """The order shown: shuffled for options, fixed for classes."""
        return (
            list(range(options))
            if view.project.classes is not None
            else self.rng.permutation(options).tolist()
        )

    def _expiry(self, view: View) -> datetime:
        return self.now + timedelta(seconds=view.policy.lease_seconds)

    # --- writing -------------------------------------------------------------------------------------------

    def write(self) -> dict[int, tuple[Lease, int, int]]:
        """Write the leases; return lease, attempt and fence by labeler.

        A benchmark that slipped to the labeler by another way in the meantime, or that other processes have
        served as often as it may be, is missing from the result.
        """
        fresh = [given.lease for given in self.given.values() if given.lease.attempt is None]
        budgets = [self.by_project[lease.project].policy.exposure_budget for lease in fresh]
        made = attempts.insert_leased(self.tx, fresh, budgets, self.now)
        self._take_back([one for one in fresh if (one.project, one.task, one.labeler) not in made])
        written = {}
        for labeler, given in self.given.items():
            lease = given.lease
            attempt = lease.attempt or made.get((lease.project, lease.task, labeler))
            if attempt is not None:
                written[labeler] = (lease, attempt, given.fence)
                self.writes.hands[labeler] = LeaseInHand(lease.project, attempt, lease.expires_at)
        self.writes.leased += [
            given.lease for given in self.given.values() if given.lease.attempt is not None
        ]
        return written

    def _take_back(self, lost: Sequence[Lease]) -> None:
        """Benchmarks that were not served after all are not counted; how often they were is read anew."""
        for lease in lost:
            if lease.exposures is None:
                continue
            self.writes.exposures[lease.project, lease.task] -= 1
        for project in {lease.project for lease in lost}:
            self.by_project[project].count_anew(self.tx)


def _decoy_rate(policy: Policy) -> float:
    """Share of ordinary servings that are decoys, if any wait: a little more than come, so that few do."""
    return min(1.0, _DECOYS_SOONER * policy.decoy_share)
