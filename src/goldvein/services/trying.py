"""Trying a policy on a project's log: the knobs that it can tell of, and the log as all trials read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from goldvein.domain.errors import Conflict, InvalidInput
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services.hindsight import Hindsight, look_back
from goldvein.services.observing import Past
from goldvein.services.projects import checked_policy, read
from goldvein.services.regating import Course
from goldvein.stats.model import Model
from goldvein.store import proofs
from goldvein.store import whatif as store
from goldvein.store.database import Transaction
from goldvein.store.proofs import Step
from goldvein.store.whatif import Moment

_PAGE: Final = 100

GATE_KNOBS: Final = (
    "quality_bar", "deliver_at", "suspect_below", "dismiss_at", "min_benchmarks", "max_benchmarks",
    "boundary_deliver_at", "hold_seconds",
)  # fmt: skip
"""Knobs of the policy whose effect follows from the log alone."""
RATE_KNOBS: Final = ("rate_ceiling", "rate_floor", "rate_slope", "rate_fresh_benchmarks")
"""Knobs that say how often a benchmark is drawn: logged draws tell of them."""


def turned(policy: Policy, changes: Mapping[str, float], known: Sequence[str]) -> Policy:
    """A policy with some of the known knobs turned.

    Raises
    ------
    InvalidInput
        If a knob is another one, or a value breaks a rule.
    """
    for name in changes:
        if name not in known:
            way = "whatif" if name in GATE_KNOBS else "reweigh" if name in RATE_KNOBS else "twin"
            raise InvalidInput(
                f"this cannot tell what another {name} would have done, but only another {', '.join(known)}; "
                f"ask `goldvein {way}` instead",
                code="policy_invalid",
                pointer="/policy",
            )
    return checked_policy({**policy.to_dict(), **changes})


Page = tuple[Mapping[int, Sequence[Step]], Mapping[int, Moment]]
"""Steps of some labelers, oldest first, and when and how each answered attempt came about."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A project's log until a moment, with the models and policies that it names."""

    tx: Transaction
    project: Project
    models: Mapping[int, Model]
    policies: Mapping[int, Policy]
    until: datetime

    def pages(self, courses: Sequence[tuple[Course, Mapping[int, Model]]]) -> Iterator[Page]:
        """Let courses, each with its models, follow everybody, some labelers at a time.

        What a course noted of a page is there until the next one.
        """
        after = 0
        while page := proofs.labelers_of(self.tx, self.project.id, after, _PAGE):
            after = page[-1]
            steps = proofs.steps(self.tx, self.project.id, page)
            moments = store.moments(self.tx, self.project.id, page)
            for course, models in courses:
                past = Past(self.tx, self.project.id, self.project.classes, models)
                course.page(past, steps, moments, self.policies, self.until)
            yield steps, moments
            for course, _ in courses:
                course.clear()

    def look_back(self, steps: Sequence[Step], models: Mapping[int, Model]) -> dict[int, Hindsight]:
        """Say of each attempt among a standing's steps what is known of it by now."""
        return look_back(self.tx, self.project.id, self.project.classes, steps, models)


def logged(tx: Transaction, project: int, until: datetime) -> Logged:
    """Take a project's log in hand.

    Raises
    ------
    NotFound
        If there is no such project.
    Conflict
        If it has not opened.
    """
    found = read(tx, project, None)
    models, policies = proofs.versions(tx, project)
    if not models:
        raise Conflict(f"project {project} has not opened: nothing passed its gate yet")
    return Logged(
        tx, found, {version: Model.from_dict(values) for version, values in models.items()},
        {version: Policy.from_dict(values) for version, values in policies.items()}, until,
    )  # fmt: skip
