"""Mining from the live stream: what a highly trusted labeler has just answered goes on to the panel.

The customer has the label already and waits for nothing. The answer is the first of the panel's answers as
long as it is the task's label: once that is taken back, the candidate goes on without it, and its place with
the panel is where the task waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.gate import at_least
from goldvein.decisions.planning import contradicts, most_under_way, stream_chance
from goldvein.decisions.seeking import lenient
from goldvein.decisions.trust import trusted_mass
from goldvein.services import supply
from goldvein.store import benchmarks
from goldvein.store import supply as stored
from goldvein.store.log import Entry
from goldvein.tasktypes import choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from goldvein.services.submission import Accepted
    from goldvein.services.views import View
    from goldvein.services.writes import Writes
    from goldvein.store.database import Transaction
    from goldvein.store.standings import Standing
    from goldvein.store.tasks import Content, Key


def stream(
    tx: Transaction,
    view: View,
    delivered: Sequence[Accepted],
    contents: Mapping[Key, Content],
    writes: Writes,
    now: datetime,
    rng: np.random.Generator,
) -> set[int]:
    """Let some tasks of one project that were delivered by this group go on to the panel.

    Parameters
    ----------
    delivered : sequence of Accepted
        Ordinary answers that the gate has just let out; ``writes`` holds their labelers' standings.
    contents : mapping
        The content of their tasks.

    Returns
    -------
    set of int
        The tasks that are candidates now.
    """
    missing = view.project.supply_target - len(view.active)
    if missing <= 0 or not view.policy.stream_share or view.project.is_sandbox:
        return set()
    chosen = [one for one in delivered if _goes_on(view, one, contents, writes, rng)]
    if not chosen:
        return set()
    here = stored.panel_here(tx, view.project.id, supply.away_since(view, now))
    if not here:
        return set()
    room = most_under_way(missing, here) - benchmarks.count_candidates(tx, view.project.id)
    begun = stored.begin_beside(
        tx, view.project.id, [one.attempt.task for one in chosen[: max(0, room)]], now
    )
    for one in chosen:
        if one.attempt.task in begun:
            writes.wanted.append(one.attempt.again("panel"))
            writes.log.append(
                Entry(
                    view.project.id, "candidate", labeler=one.labeler, task=one.attempt.task,
                    policy_version=view.project.policy_version, decision="stream",
                )
            )  # fmt: skip
    return begun


def _goes_on(
    view: View, one: Accepted, contents: Mapping[Key, Content], writes: Writes, rng: np.random.Generator
) -> bool:
    standing = writes.standings[view.project.id, one.labeler]
    if not is_highly_trusted(view, standing):
        return False
    too_much = lenient(view.pass_shares, view.policy.quality_bar)
    against = False
    if too_much:
        content = contents[view.project.id, one.attempt.task]
        picks = choice.rule_choices(content.input, view.project.classes, too_much, content.rules)
        against = contradicts(one.choice, picks, too_much)
    return rng.random() < stream_chance(view.policy, lenient=too_much, speaks_against=against)


def is_highly_trusted(view: View, standing: Standing) -> bool:
    """Whether an ordinary answer of this labeler may stand beside the panel's."""
    if standing.panel is not None:
        return True
    model = view.model
    if model is None or standing.benchmarks < view.policy.min_benchmarks:
        return False
    posterior = np.frombuffer(standing.posterior)[: model.space.size]
    return bool(at_least(trusted_mass(model, posterior), view.policy.trust_at))
