"""The boundary: labelers of whom so many benchmarks said neither that they do the job nor that they do not.

What is known of each is put into words, for an auditor who decides what to look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from goldvein.stats.model import Model
from goldvein.stats.states import StateSpace
from goldvein.store import boundary, projects
from goldvein.store.boundary import Doubtful
from goldvein.store.database import Database, Transaction

WORTH_SAYING: Final = 0.05
"""Under this probability nothing is said of a rival."""
_SAID: Final = 3
_RULES: Final = {
    "random": "guesses",
    "first": "always takes the first option shown",
    "last": "always takes the last option shown",
    "leaker": "knows keys that go round",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A labeler at the boundary, with what else the answers may mean; ``rivals`` by falling probability."""

    standing: Doubtful
    rivals: Sequence[tuple[str, float]]


def cases(
    db: Database, *, project: int | None = None, after: tuple[int, int] = (0, 0), limit: int = 50,
    own: int | None = None,
) -> list[Case]:  # fmt: skip
    """List labelers at the boundary in the order of projects and labelers, from after one on.

    Whoever asks, ``own`` as a labeler, is left out: a standing that moves tells what was a benchmark.
    """
    with db.connection() as tx:
        found = boundary.page(tx, project=project, after=after, limit=limit, own=own)
        spaces = {key: _space(tx, *key) for key in {(one.project, one.model_version) for one in found}}
    return [Case(one, rivals(one.posterior, spaces[one.project, one.model_version])) for one in found]


def rivals(posterior: bytes, space: StateSpace) -> list[tuple[str, float]]:
    """What a labeler may be who is not good, by benchmarks alone: in words, with its probability."""
    states = np.frombuffer(posterior)[: space.size]
    below = float(states[: space.n_abilities][~space.good[: space.n_abilities]].sum())
    rules = zip(space.shortcuts, states[space.n_abilities :].tolist(), strict=True)
    said = [("tries, but is less able than the bar asks", below), *((in_words(r), p) for r, p in rules)]
    likely = [(words, p) for words, p in said if p >= WORTH_SAYING]
    return sorted(likely, key=lambda one: -one[1])[:_SAID]


def in_words(rule: str) -> str:
    """Say what somebody does who follows a shortcut."""
    return _RULES.get(rule, f"goes by the rule \u201c{rule}\u201d")


def _space(tx: Transaction, project: int, version: int) -> StateSpace:
    return Model.from_dict(projects.get_model(tx, project, version)).space
