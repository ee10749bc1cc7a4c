"""Testimony: what people said of one benchmark, counted for the crowd and word by word for the panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from goldvein.domain.records import UNANSWERABLE
from goldvein.store import curated
from goldvein.store.curated import Word
from goldvein.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Testimony:
    """Servings that are over, and what was said in words.

    Attributes
    ----------
    choices : (K,) int
        The crowd's answers by option in content order.
    unanswerable, skipped : int
        Answers that there is none to pick; servings that ended without one.
    panel, disputes : sequence of Word
        Each with a comment or a reason; the first answers, and the latest disputes.
    """

    choices: Sequence[int]
    unanswerable: int
    skipped: int
    panel: Sequence[Word]
    disputes: Sequence[Word]


def hear(tx: Transaction, project: int, task: int, n_options: int, *, names: bool) -> Testimony:
    """Read what people said; ``names``: with the names of those who are quoted."""
    counts = curated.servings(tx, project, task)
    return Testimony(
        [counts.get(option, 0) for option in range(n_options)],
        counts.get(UNANSWERABLE, 0),
        counts.get(None, 0),
        _told(curated.panel_words(tx, project, task), names=names),
        _told(curated.dispute_words(tx, project, task), names=names),
    )


def _told(words: Sequence[Word], *, names: bool) -> list[Word]:
    return [word if names else replace(word, labeler=None) for word in words]
