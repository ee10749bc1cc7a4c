"""Keeping: benchmarks are looked at as their answers come in, and those that went bad leave service.

Beside the answers, never in their transaction. What is read is a snapshot; each benchmark is then dealt with
in one short transaction of its own, which looks again whether it is still in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.upkeep import (
    GROWN_BY,
    GROWN_SHARE,
    Freeze,
    Keep,
    Rekey,
    Retire,
    Upkeep,
    Watched,
    look,
    looked_until,
)
from goldvein.services import lifecycle
from goldvein.services.alarms import open_alarm
from goldvein.services.relabelling import replace_label
from goldvein.services.views import View, Views
from goldvein.services.watching import watched
from goldvein.store import keeping, tasks
from goldvein.store.database import Database, Transaction

AT_ONCE: Final = 50
"""Benchmarks of a project that one sweep looks at; the others wait for the next one."""
KEY_IN_DOUBT: Final = "key in doubt"
BY_THE_CROWD: Final = "by the crowd's answers"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a look at a project's benchmarks came to, tasks by what became of them."""

    looked: int = 0
    frozen: tuple[int, ...] = ()
    rekeyed: tuple[int, ...] = ()
    retired: tuple[int, ...] = ()

    @property
    def changed(self) -> int:
        """How many benchmarks are not what they were."""
        return len(self.frozen) + len(self.rekeyed) + len(self.retired)


def keep(db: Database, views: Views, view: View, now: datetime) -> Kept:
    """Look at the benchmarks of a project that are due, and do with each what the rules say.

    Parameters
    ----------
    db : Database
    views : Views
        Has the model versions on which standings and items rest.
    view : View
        Of an opened project; of another one nothing is due.
    now : datetime
    """
    if view.model is None:
        return Kept()
    policy, project = view.policy, view.project.id
    with db.connection() as tx:
        due = keeping.due(
            tx, project, grown_by=GROWN_BY, grown_share=GROWN_SHARE, budget=policy.exposure_budget,
            too_old=now - timedelta(seconds=policy.age_budget_seconds), limit=AT_ONCE,
        )  # fmt: skip
    due = [one for one in due if one.task in view.items]
    if not due:
        return Kept()
    with db.snapshot() as tx:
        known = watched(tx, views, view, due, now)
    verdicts = {task: look(one, policy) for task, one in known.items()}
    done: dict[type[Upkeep], list[int]] = {Freeze: [], Rekey: [], Retire: []}
    for task, verdict in verdicts.items():
        if not isinstance(verdict, Keep):
            with db.transaction() as tx:
                if carry_out(tx, view, task, verdict, len(known[task].said), now):
                    done[type(verdict)].append(task)
    with db.transaction() as tx:
        until = {one.task: looked_until(one.exposures, verdicts[one.task]) for one in due}
        keeping.looked(tx, project, until, {task: _counts(view, task, known[task]) for task in until})
    return Kept(len(due), tuple(done[Freeze]), tuple(done[Rekey]), tuple(done[Retire]))


def _counts(view: View, task: int, known: Watched) -> list[int]:
    """Answers by option in content order, the last for "cannot be answered"."""
    counts = np.bincount(known.said.choices, minlength=view.items[task].table.shape[1])
    return [int(count) for count in counts]


def carry_out(
    tx: Transaction, view: View, task: int, verdict: Freeze | Rekey | Retire, answers: int, now: datetime
) -> bool:
    """Change one benchmark; false if it is out of use by now."""
    project = view.project.id
    if isinstance(verdict, Retire):
        gone = lifecycle.retire(tx, project, [task], verdict.reason, now)
        if gone and verdict.reason == "leaked":
            open_alarm(tx, project, "leak", str(task), {"benchmark": str(task), "answers": answers}, now)
        return bool(gone)
    # In the order in which everybody locks: batches, tasks, then the project's row.
    tasks.lock_batches_of(tx, project, [task])
    tasks.lock(tx, [(project, task)])
    if isinstance(verdict, Freeze):
        return _freeze(tx, view, task, verdict, answers, now)
    return lifecycle.set_key(
        tx, view, task, verdict.key, now, key_right=verdict.p_key, reason=BY_THE_CROWD,
        key_probs=verdict.key_probs, difficulty=verdict.difficulty_weights,
    )  # fmt: skip


def _freeze(tx: Transaction, view: View, task: int, verdict: Freeze, answers: int, now: datetime) -> bool:
    """Out of use, to an auditor; the label that the customer had of it is probably wrong, and goes."""
    project = view.project.id
    if not lifecycle.freeze(tx, project, task, KEY_IN_DOUBT, now, detail=_detail(verdict, answers)):
        return False
    lifecycle.flag(tx, project, task, KEY_IN_DOUBT, now)
    replace_label(tx, view, task, None, "panel", now, KEY_IN_DOUBT)
    return True


def _detail(verdict: Freeze, answers: int) -> Mapping[str, Any]:
    return {
        "p_right": verdict.p_right, "rival": verdict.rival, "p_rival": verdict.p_rival, "answers": answers,
    }  # fmt: skip
