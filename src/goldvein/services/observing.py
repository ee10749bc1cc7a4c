"""Observing: puts together again, from what is stored, what the answers of past steps were judged on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.evidence import (
    NOTHING_READ,
    NOTHING_SAID,
    Observation,
    Traits,
    reads_content,
    traits,
)
from goldvein.stats.arrays import Array
from goldvein.stats.model import Model
from goldvein.stats.versions import carried_table
from goldvein.store import benchmarks, projects, tasks
from goldvein.store.database import Transaction
from goldvein.store.proofs import Step

_CONTENTS = 1_000


class Models(dict[int, Model]):
    """Model versions known already; others are read when they are met."""

    def __init__(self, tx: Transaction, project: int, known: Mapping[int, Model]) -> None:
        super().__init__(known)
        self._tx, self._project = tx, project

    def __missing__(self, version: int) -> Model:
        """Read one version."""
        self[version] = model = Model.from_dict(projects.get_model(self._tx, self._project, version))
        return model


@dataclass(slots=True)
class Past:
    """Item tables and contents behind some steps of a project's standings, a stretch of them at a time."""

    tx: Transaction
    project: int
    classes: Sequence[str] | None
    models: Mapping[int, Model]
    tables: dict[tuple[int, int], tuple[int, bytes | None]] = field(default_factory=dict)
    contents: dict[tuple[int, int], Traits] = field(default_factory=dict)

    def read(self, steps: Sequence[Step]) -> None:
        """Read what the evidence of some steps rests on, in place of that of the steps before."""
        served = {(s.task or 0, s.item_version or 0) for s in steps if s.stage == "benchmark"}
        self.tables = benchmarks.likelihoods(self.tx, self.project, served)
        wanted: dict[int, set[int]] = defaultdict(set)
        for step in steps:
            if step.task is not None and self._reads(step):
                wanted[step.task].add(step.model_version)
        self.contents = {}
        named = list(wanted)
        for first in range(0, len(named), _CONTENTS):
            some = [(self.project, task) for task in named[first : first + _CONTENTS]]
            for (_, task), content in tasks.contents(self.tx, some).items():
                for version in wanted[task]:
                    self.contents[task, version] = traits(self.models[version], content, self.classes)

    def counts(self, step: Step) -> bool:
        """Whether a step that was read is an answer to a benchmark that is not struck out."""
        return step.stage == "benchmark" and self._stored(step)[1] is not None

    def observation(self, step: Step) -> Observation:
        """What judging saw of a step that was read."""
        if step.stage == "benchmark" and not self.counts(step):
            return NOTHING_SAID
        return Observation(
            self._table(step) if step.stage == "benchmark" else None,
            step.shown or (),
            UNANSWERABLE if step.choice is None else step.choice,
            step.exposures or 0,
            step.milliseconds,
            self.contents[step.task or 0, step.model_version] if self._reads(step) else NOTHING_READ,
        )

    def _reads(self, step: Step) -> bool:
        return reads_content(self.models[step.model_version], is_benchmark=step.stage == "benchmark")

    def _stored(self, step: Step) -> tuple[int, bytes | None]:
        return self.tables[step.task or 0, step.item_version or 0]

    def _table(self, step: Step) -> Array:
        laid_on, stored = self._stored(step)
        assert stored is not None
        table = np.frombuffer(stored).reshape(self.models[laid_on].space.size, -1)
        return carried_table(table, self.models[laid_on], self.models[step.model_version])
