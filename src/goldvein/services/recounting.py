"""Recounting: by which item versions the answers of a project count, and which standings are behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from goldvein.services.replaying import as_counted, counted_by, newer_item, renewed_items
from goldvein.store import proofs, rescorings
from goldvein.store.database import Transaction
from goldvein.store.proofs import Step


@dataclass(frozen=True, slots=True)
class Recounted:
    """By what answers count, as a project's benchmarks say now.

    Attributes
    ----------
    items : mapping of int to int
        Tasks and the item versions by which answers by earlier ones count.
    decided : collection of (int, int)
        Tasks and item versions of which the log says that a benchmark was frozen by them, or got another key.
    waiting : collection of int
        Labelers whose standings are still to be computed anew.
    unsettled : collection of int
        Tasks of which it is still to be found out who answered them.
    """

    items: Mapping[int, int]
    decided: Collection[tuple[int, int]] = ()
    waiting: Collection[int] = ()
    unsettled: Collection[int] = ()

    def forgotten(self, labeler: int, steps: Sequence[Step]) -> Iterator[tuple[int, str]]:
        """List a standing's answers that count otherwise than they should, as attempt and what is wrong."""
        if labeler in self.waiting:
            return
        for step, is_ in zip(counted_by(steps, self.items), as_counted(steps), strict=True):
            if step.item_version != is_.item_version and step.task not in self.unsettled:
                counted = f"counts by item version {is_.item_version}, should by {step.item_version}"
                yield step.attempt or 0, f"labeler {labeler} version {step.n}: {counted}"

    def unfounded(self, step: Step) -> Iterator[tuple[int, str]]:
        """List the items that a rescoring counts otherwise without a decision, as task and what is wrong."""
        for task, version in renewed_items(step).items():
            if (task, version) not in self.decided:
                yield task, f"labeler {step.labeler} version {step.n}: item version {version} of no decision"


def read_recounted(tx: Transaction, project: int) -> Recounted:
    """Read by what a project's answers count."""
    return Recounted(
        proofs.counted_as(tx, project),
        proofs.recounts_decided(tx, project),
        rescorings.labelers(tx, project),
        rescorings.unsettled(tx, project),
    )


def wanted_items(steps: Sequence[Step], items: Mapping[int, int]) -> dict[int, int]:
    """Those of the items by which some of these answers are to be taken."""
    newer = ((step.task, newer_item(step, items)) for step in steps)
    return {task: version for task, version in newer if task is not None and version is not None}


def is_behind(steps: Sequence[Step], items: Mapping[int, int]) -> bool:
    """Whether some of a standing's answers count otherwise than these items say."""
    pairs = zip(counted_by(steps, items), as_counted(steps), strict=True)
    return any(should.item_version != is_.item_version for should, is_ in pairs)
