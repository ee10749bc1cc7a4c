"""Verification: proves the delivery promise from the log alone, and checks every sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services.hindsight import unfounded
from goldvein.services.observing import Past
from goldvein.services.proving import Broken, Replay
from goldvein.services.recounting import read_recounted
from goldvein.stats.model import Model
from goldvein.store import projects, proofs
from goldvein.store.database import Database, Transaction

__all__ = ["Broken", "Verification", "verify"]

_PAGE = 200
_SHOWN = 20


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


def _replay(tx: Transaction, replayed: Project) -> Replay:
    project = replayed.id
    model_values, policy_values = proofs.versions(tx, project)
    models = {version: Model.from_dict(values) for version, values in model_values.items()}
    policies = {version: Policy.from_dict(values) for version, values in policy_values.items()}
    replay = Replay(Past(tx, project, replayed.classes, models), policies, read_recounted(tx, project))
    after = 0
    while page := proofs.labelers_of(tx, project, after, _PAGE):
        after = page[-1]
        try:
            steps = proofs.steps(tx, project, page)
            stored, kept = proofs.stored(tx, project, page), proofs.kept(tx, project, page)
            replay.page(steps, proofs.releases(tx, project, page), stored, kept)
            for labeler, taken in proofs.withdrawals(tx, project, page).items():
                for label, why in unfounded(
                    tx, project, replayed.classes, steps[labeler], taken, models, policies
                ):
                    replay.say(
                        "a label is withdrawn only if its labeler is known to have been bad", label, why
                    )
        except KeyError as missing:
            replay.say("every version that a decision names is stored", page[0], f"there is no {missing}")
    return replay
