"""One group of labelers' requests in one transaction: store answers, judge them, hand out the next work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from goldvein.decisions.gate import State
from goldvein.domain.errors import GoldveinError, LeaseLost, Unauthenticated
from goldvein.domain.records import NoWork, Project, Work, WorkRequest, WorkResult
from goldvein.services.deferral import defer
from goldvein.services.dispatch import Desk
from goldvein.services.evidence import reads_content
from goldvein.services.holding import Bench, HeldAnswer
from goldvein.services.judge import Judged, judge_answers
from goldvein.services.leases import LeaseTokens
from goldvein.services.matching import Seeker
from goldvein.services.mining import settle_candidates
from goldvein.services.streaming import stream
from goldvein.services.submission import Accepted, Outcome, end_skips, lapse, open_tokens, resolve
from goldvein.services.views import View, Views
from goldvein.services.writes import Writes
from goldvein.store import answers, attempts, labelers, projects, standings
from goldvein.store.attempts import AS_PUSHED, NO_DEADLINE, Attempt, Key, Lease
from goldvein.store.database import Transaction
from goldvein.store.labelers import Hand
from goldvein.store.log import Entry
from goldvein.store.standings import Standing
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice

Result = WorkResult | Exception
_JUDGED = ("label", "benchmark", "decoy", "reference")
DeskMaker = Callable[[Transaction, Views, Mapping[int, View], Writes, datetime, np.random.Generator], Desk]


@dataclass(slots=True)
class Group:
    """One group on its way through the steps; each step reads what the ones before have noted."""

    tx: Transaction
    views: Views
    tokens: LeaseTokens
    requests: Sequence[WorkRequest]
    now: datetime
    rng: np.random.Generator
    desk: DeskMaker = Desk
    panel_left: Callable[[int], int] | None = None
    by_project: dict[int, View] = field(default_factory=dict)
    hands: dict[int, Hand] = field(default_factory=dict)
    attempts: dict[Key, Attempt] = field(default_factory=dict)
    outcomes: list[Outcome | None] = field(default_factory=list)
    writes: Writes = field(default_factory=Writes)

    def run(self) -> list[Result]:
        """Carry out the requests and return what each comes to, in their order."""
        self.by_project = dict(self.views.refresh(self.tx))
        self._resolve()
        self._lock_standings()
        self._judge()
        self._mine()
        results = self._hand_out()
        self.writes.flush(self.tx, self.now)
        return results

    # --- submission ----------------------------------------------------------------------------------------

    def _resolve(self) -> None:
        """Lock labelers and the attempts they speak of, and decide what each request comes to."""
        self.hands = labelers.lock(self.tx, [request.labeler for request in self.requests])
        opened = open_tokens(self.tokens, self.requests)
        named = [one[0] for one in opened if isinstance(one, tuple)]
        in_hand = [hand.lease for hand in self.hands.values() if hand.lease is not None]
        put_off = [self.hands[r.labeler].deferred for r in self.requests if r.kind == "defer"]
        deferred = [key for key in put_off if key is not None and key[0] in self.by_project]
        self.attempts = attempts.lock(
            self.tx, [key for key in [*named, *in_hand, *deferred] if _storable(key)]
        )
        for request, one in zip(self.requests, opened, strict=True):
            if self.hands[request.labeler].is_erased:  # while a server still remembers the session or key
                self.outcomes.append(Unauthenticated())
            elif isinstance(one, tuple):
                key, fence = one
                closed = key[0] not in self.by_project
                outcome = resolve(self.tx, request, fence, self.attempts.get(key), self.writes, closed=closed)
                if request.kind == "defer" and isinstance(outcome, Attempt):
                    hand = self.hands[request.labeler]
                    outcome = defer(hand, outcome, self.attempts, self.writes, self.now)
                self.outcomes.append(outcome)
            else:
                self.outcomes.append(one)
        end_skips(
            {
                r.labeler: o
                for r, o in zip(self.requests, self.outcomes, strict=True)
                if r.kind == "skip" and isinstance(o, Attempt)
            },
            self.writes,
        )

    def _accepted(self, *stages: str) -> list[Accepted]:
        return [o for o in self.outcomes if isinstance(o, Accepted) and o.attempt.stage in stages]

    def _lock_standings(self) -> None:
        """Lock the standings that may move or be asked for: the labelers' own in the projects under way."""
        keys = {(o.attempt.project, o.labeler) for o in self._accepted(*_JUDGED)}
        for request in self.requests:
            wanted = request.project if request.kind == "next" else None
            keys |= {
                (view.project.id, request.labeler)
                for view in self.by_project.values()
                if _may_serve(view.project, wanted)
            }
        self.writes.loaded = standings.lock(self.tx, keys)
        self.writes.standings = dict(self.writes.loaded)
        if self._accepted("benchmark"):
            # Of a key that falls from here on, our standings are computed anew once we are done with them;
            # of one that fell before, they may have been already: so we must know of it.
            self.by_project = {**self.by_project, **self.views.refresh(self.tx)}
        self._meet_models(self.writes.loaded.values())
        for request, outcome in zip(self.requests, self.outcomes, strict=True):
            if request.kind == "skip" and isinstance(outcome, Attempt):
                self._count_skip(outcome, request)

    def _meet_models(self, locked: Iterable[Standing]) -> None:
        """Know every model version that these standings rest on, none of them newer than ours."""
        if any(s.model_version > (self.by_project[s.project].project.model_version or 0) for s in locked):
            self.by_project = {**self.by_project, **self.views.refresh(self.tx)}
        self.views.know(self.tx, locked)

    def _count_skip(self, attempt: Attempt, request: WorkRequest) -> None:
        key = (attempt.project, request.labeler)
        if key in self.writes.standings:
            before = self.writes.standings[key]
            self.writes.standings[key] = replace(before, skips=before.skips + 1)
        heard = request.reason and attempt.project in self.by_project  # its contents may be gone, else
        self.writes.log.append(
            Entry(
                attempt.project, "skip", labeler=request.labeler, attempt=attempt.id, task=attempt.task,
                stage=attempt.stage, detail={"reason": request.reason} if heard else None,
            )
        )  # fmt: skip

    # --- judge, gate, mining -------------------------------------------------------------------------------

    def _judge(self) -> None:
        by_project: dict[int, list[Judged]] = defaultdict(list)
        for answer in self._accepted(*_JUDGED):
            standing = self.writes.standings[answer.attempt.project, answer.labeler]
            by_project[answer.attempt.project].append(Judged(answer, standing))
        held = self._held([row for rows in by_project.values() for row in rows])
        for project, rows in by_project.items():
            own = [one for one in held if one.hold.project == project]
            keys = {(project, row.answer.attempt.task) for row in rows if self._reads(project, row)}
            contents = self.views.contents(self.tx, keys | {(project, one.hold.task) for one in own})
            bench = Bench(self.by_project[project], contents, self.now)
            for row, moved in zip(rows, judge_answers(bench, rows, own, self.writes), strict=True):
                self.writes.standings[moved.key] = moved
                if moved.state == State.DISMISSED and row.standing.state != State.DISMISSED:
                    projects.count_admission(self.tx, project, change=-1, capacity=0)
            self._want_decoys(self.by_project[project], rows)
            if self.panel_left is None:  # a record says by itself who answers what
                self._stream(self.by_project[project], rows, contents)

    def _want_decoys(self, view: View, rows: Sequence[Judged]) -> None:
        """Let some of the tasks that were just delivered go to a second person."""
        delivered = {label.attempt for label in self.writes.labels}
        for row in rows:
            attempt = row.answer.attempt
            if attempt.id in delivered and self.rng.random() < view.policy.decoy_share:
                wanted = replace(attempt.again("decoy"), due_at=NO_DEADLINE, lane=AS_PUSHED)
                self.writes.wanted.append(wanted)

    def _stream(self, view: View, rows: Sequence[Judged], contents: Mapping[Key, Content]) -> None:
        """Let some of the tasks that highly trusted labelers just answered go on to the panel."""
        out = {label.attempt for label in self.writes.labels}
        delivered = [row.answer for row in rows if row.answer.attempt.id in out]
        if delivered:
            stream(self.tx, view, delivered, contents, self.writes, self.now, self.rng)

    def _reads(self, project: int, row: Judged) -> bool:
        """Whether an answer's content is needed: to deliver it, or for what it tells of the labeler."""
        model = self.by_project[project].model
        assert model is not None
        return not row.is_benchmark or reads_content(model, is_benchmark=True)

    def _held(self, rows: Sequence[Judged]) -> list[HeldAnswer]:
        holds = standings.lock_holds(self.tx, [row.standing.key for row in rows if row.standing.held])
        keys = [(hold.project, hold.attempt) for hold in holds]
        stored, locked = answers.by_attempts(self.tx, keys), attempts.lock(self.tx, keys)
        return [HeldAnswer(hold, stored[key], locked[key]) for hold, key in zip(holds, keys, strict=True)]

    def _mine(self) -> None:
        by_project: dict[int, list[Accepted]] = defaultdict(list)
        for answer in self._accepted("panel"):
            by_project[answer.attempt.project].append(answer)
        for project, given in by_project.items():
            contents = self.views.contents(self.tx, {(project, answer.attempt.task) for answer in given})
            settle_candidates(
                self.tx, self.by_project[project], given, contents, self.writes, self.now, self.panel_left
            )

    # --- what each gets next -------------------------------------------------------------------------------

    def _hand_out(self) -> list[Result]:
        """Answer each request: the lease in hand where there is one, a new one, a reason, or an error."""
        renewed = self._renew_all()
        asking = [
            request
            for request, outcome in zip(self.requests, self.outcomes, strict=True)
            if request.kind != "renew" and not isinstance(outcome, GoldveinError)
        ]
        projects_asked = {request.labeler: request.project for request in asking}
        in_hand = {labeler: self._still_in_hand(labeler) for labeler in projects_asked}
        seekers = [
            Seeker(self.hands[labeler], project)
            for labeler, project in projects_asked.items()
            if in_hand[labeler] is None
        ]
        desk = self.desk(self.tx, self.views, self.by_project, self.writes, self.now, self.rng)
        found = desk.hand_out(seekers)
        written = desk.write()
        self.views.contents(self.tx, [(lease.project, lease.task) for lease, _, _ in written.values()])
        for seeker in seekers:
            if seeker.labeler not in written and self.hands[seeker.labeler].attempt is not None:
                self.writes.hands[seeker.labeler] = None
        results: list[Result] = []
        for request, outcome in zip(self.requests, self.outcomes, strict=True):
            if isinstance(outcome, GoldveinError):
                results.append(outcome)
            elif request.kind == "renew":
                results.append(renewed[request.labeler])
            elif (mine := in_hand[request.labeler]) is not None:
                results.append(WorkResult(True, self._shown(_as_lease(mine), mine.id, mine.fence)))
            elif request.labeler in written:
                results.append(WorkResult(True, self._shown(*written[request.labeler])))
            else:
                none = found[request.labeler]
                results.append(
                    WorkResult(True, none if isinstance(none, NoWork) else NoWork("queue_empty", 1))
                )
        return results

    def _still_in_hand(self, labeler: int) -> Attempt | None:
        """The labeler's lease, if it still runs; one that ran out is taken back here."""
        hand = self.hands[labeler]
        attempt = self.attempts.get(hand.lease) if hand.lease else None
        if attempt is None or attempt.state != "leased" or attempt.labeler != labeler:
            return None
        if hand.lease in self.writes.ended or hand.lease == self.writes.deferred.get(labeler):
            return None
        if attempt.project not in self.by_project:
            return None
        assert attempt.expires_at is not None
        if attempt.expires_at <= self.now:
            lapse(attempt, self.writes)
            return None
        return attempt

    def _renew_all(self) -> dict[int, Result]:
        """Give the leases more time for which it was asked, before those that ran out are taken back."""
        results: dict[int, Result] = {}
        for request, outcome in zip(self.requests, self.outcomes, strict=True):
            if request.kind != "renew" or isinstance(outcome, GoldveinError):
                continue
            if not isinstance(outcome, Attempt) or outcome.project not in self.by_project:
                results[request.labeler] = LeaseLost()
                continue
            lease_seconds = self.by_project[outcome.project].policy.lease_seconds
            expires_at = self.now + timedelta(seconds=lease_seconds)
            attempts.renew(self.tx, (outcome.project, outcome.id), expires_at)
            if self.hands[request.labeler].lease == (outcome.project, outcome.id):  # and not deferred
                lease = labelers.LeaseInHand(outcome.project, outcome.id, expires_at)
                self.writes.hands[request.labeler] = lease
            results[request.labeler] = WorkResult(True, None, expires_at)
        return results

    def _shown(self, lease: Lease, attempt: int, fence: int) -> Work:
        """The work as its labeler sees it: nothing in it depends on what the attempt is for.

        That of a sandbox goes by its original's number, name and instruction: people know that one, and ask
        for work by it.
        """
        project = self.by_project[lease.project].project
        face = self.by_project.get(project.sandbox_of or project.id, self.by_project[lease.project]).project
        content = self.views.contents(self.tx, [(lease.project, lease.task)])[lease.project, lease.task]
        return Work(
            self.tokens.seal(lease.project, attempt, fence), lease.expires_at,
            project.sandbox_of or project.id, face.name, face.instruction, project.type,
            choice.as_shown(content.input, project.classes, lease.shown),
        )  # fmt: skip


def _storable(key: Key) -> bool:
    """Whether a key read from a token can stand in the database at all; a forged token opens to anything."""
    return key[0] < 2**31 and key[1] < 2**63


def _may_serve(project: Project, wanted: int | None) -> bool:
    """Whether work may come from a project, or from a sandbox of it, where one was asked for or none."""
    return bool(project.model_version) if wanted is None else wanted in (project.id, project.sandbox_of)


def _as_lease(attempt: Attempt) -> Lease:
    assert attempt.labeler is not None
    assert attempt.expires_at is not None
    return Lease(
        attempt.project, attempt.id, attempt.task, attempt.content, attempt.stage, attempt.due_at,
        attempt.labeler, attempt.shown or [], attempt.expires_at,
    )  # fmt: skip
