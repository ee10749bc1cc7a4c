"""What other systems do with benchmarks, as players: so many, of such a kind, and when is somebody out.

Each is described by its source and written anew. None of them holds a label back: who is not out delivers.
A peer is given the benchmarks' keys as stored, and right or wrong is all that it looks at. ``scale`` turns
the one knob that sets how many benchmarks it serves; 1 is as published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.sim.contest.peer import Peer, Recent, Setting, uniform_draw
from goldvein.sim.contest.player import Moves
from goldvein.stats.states import DEFAULT_CONTENT_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from goldvein.sim.contest.behaviour import Given, Served
    from goldvein.stats.arrays import Array, BoolArray, IntArray

CLOSE = 1e-9


class FixedRate(Peer):
    """A quiz of 10 benchmarks, then 10% of all work; out while the running accuracy is under the bar.

    Source
    ------
    CrowdFlower / Figure Eight / Appen: quiz mode of one page, then one test question per page of 10 rows,
    each shown once to a contributor (Appen Success Center, articles 211363686, 210218046); "if at any point
    a contributor falls below the trust threshold, we'll exclude his work" (CrowdFlower blog, 2011-10-05): the
    labels of somebody who is dismissed are withdrawn.
    """

    quiz = 10
    rate = 0.10
    excludes_work = True

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._labels: list[BoolArray] = []

    def rates(self, who: IntArray) -> Array:
        """Nothing but benchmarks in the quiz, then a fixed share."""
        return np.where(self.benchmarks[who] < self.quiz, 1.0, min(1.0, self.rate * self.setting.scale))

    def fails(self, who: IntArray) -> BoolArray:
        """Accuracy on all benchmarks so far is under the bar, once the quiz is over."""
        seen = self.benchmarks[who]
        failed: BoolArray = (seen >= self.quiz) & (self.right[who] < self.setting.bar * seen - CLOSE)
        return failed

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """As every peer, and take back what a dismissed labeler delivered."""
        moves = super().judge(served, given, step)
        if not self.excludes_work:
            return moves
        n = self.setting.n_labelers
        labels = np.zeros(n, dtype=bool)
        labels[served.who[moves.delivered]] = True
        self._labels.append(labels)
        gone = served.who[moves.dismissed]
        if not len(gone):
            return moves
        steps, places = np.nonzero(np.array([labels[gone] for labels in self._labels]))
        withdrawn = (step - len(self._labels) + 1 + steps) * n + gone[places]
        return Moves(moves.delivered, moves.held, moves.dismissed, withdrawn=withdrawn)

    def delivering(self) -> BoolArray:
        """Everybody who has passed the quiz and is not out."""
        return ~self.out & (self.benchmarks >= self.quiz)


class FixedRateAntibias(FixedRate):
    """As ``fixed-rate``, and half of the draws are benchmarks that every listed shortcut gets wrong.

    The operator knows the shortcuts and made such benchmarks. Accuracy is asked of the mix that is served.

    Source
    ------
    Oleson et al. (2011), Programmatic gold: gold for known kinds of error, so that they fail; here such items
    are chosen among the benchmarks at hand instead of made.
    """

    share = 0.5

    def __init__(self, name: str, setting: Setting, rules: Sequence[str] = DEFAULT_CONTENT_RULES) -> None:
        super().__init__(name, setting)
        self._against: BoolArray = np.ones(len(setting.key), dtype=np.bool_)
        for rule in rules:
            if rule in setting.picks:
                self._against &= np.not_equal(setting.picks[rule], setting.key)

    def draw(self, rng: np.random.Generator, who: IntArray, unseen: BoolArray) -> IntArray:
        """Half of the time from the benchmarks against shortcuts, while there are unseen ones."""
        wanted = rng.random(len(who)) < self.share
        narrow = unseen & (wanted[:, None] == self._against)
        return uniform_draw(rng, np.where(narrow.any(axis=1)[:, None], narrow, unseen))


class Window(FixedRate):
    """As ``fixed-rate``, but accuracy is that on the last 20 benchmarks, and must reach the bar less .20.

    At the bar itself nearly everybody would be out in time: of 20 answers of somebody who is right on 80%,
    fewer than 14 are right in one window of eleven.

    Source
    ------
    A moving window is what Toloka calls "recent control task responses to use" (Toloka/docs, commit 0c0b5b1,
    en/guide/concepts/goldenset.md) and what many in-house systems do; quiz and rate as in ``fixed-rate``.
    """

    length = 20
    lenience = 0.20
    excludes_work = False

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._recent = Recent(setting.n_labelers, self.length)

    def note(self, who: IntArray, hits: BoolArray) -> None:
        """Move the window."""
        self._recent.add(who, hits)

    def fails(self, who: IntArray) -> BoolArray:
        """Accuracy in the window is under the bar."""
        right, seen = self._recent.counts(who)
        failed: BoolArray = (seen >= self.quiz) & (right < (self.setting.bar - self.lenience) * seen - CLOSE)
        return failed


class Mephisto(Peer):
    """Gold in units done, n: ``ceil(log10(n + 1) ** 2.2) - 1`` right ones, one first, one for each wrong one.

    Published with one wrong gold as the end (``max_incorrect_golds = 0``), which would dismiss four of five
    honest people within 600 tasks; here 8 are allowed, under which an honest labeler of .75 mostly stays.

    Source
    ------
    facebookresearch/Mephisto, commit 074143a, mephisto/abstractions/blueprints/mixins/use_gold_unit.py:
    ``worker_needs_gold``, ``worker_qualifies``; ``min_golds = 1``.
    """

    first = 1
    allowed_wrong = 8

    def rates(self, who: IntArray) -> Array:
        """Gold next, or not: nothing is left to chance."""
        needed = np.ceil(np.log10(self.ordinary[who] + 1.0) ** 2.2) - 1
        spare = self.right[who] - self.wrong[who] - self.first
        rates: Array = ((self.right[who] < self.first) | (spare < self.setting.scale * needed)).astype(float)
        return rates

    def fails(self, who: IntArray) -> BoolArray:
        """More wrong ones than are allowed, whatever the number of right ones."""
        failed: BoolArray = self.wrong[who] > self.allowed_wrong
        return failed


class Toloka(Peer):
    """Control tasks by intervals: every 5th of the first 25 tasks, every 25th later.

    The skill is the share of right ones among the last 10; out when it is under 60% on 3 or more.

    Source
    ------
    Rates: toloka-kit 0.1.26, src/client/quality_control.py, ``CheckpointsConfig`` ("in the first 25 tasks
    completed by the user in the pool, every fifth task ... in subsequent tasks each 25"), as a
    ``TaskDistributionFunction`` of golden tasks. Rule: Toloka/docs, commit 0c0b5b1,
    en/guide/concepts/goldenset.md, "Ban Tolokers based on control tasks and the percentage ...".
    """

    early_tasks, early_every, late_every = 25, 5, 25
    history, at_least, threshold = 10, 3, 0.60

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._recent = Recent(setting.n_labelers, self.history)
        self._due = np.zeros(setting.n_labelers)

    def rates(self, who: IntArray) -> Array:
        """A control task once one is due."""
        due: Array = (self._due[who] >= 1 - CLOSE).astype(float)
        return due

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """As every peer, and count towards the next control task."""
        moves = super().judge(served, given, step)
        done = self.benchmarks[served.who] + self.ordinary[served.who]
        every = np.where(done <= self.early_tasks, self.early_every, self.late_every)
        self._due[served.who] += np.minimum(self.setting.scale / every, 1.0) - served.is_benchmark
        return moves

    def note(self, who: IntArray, hits: BoolArray) -> None:
        """Move the history."""
        self._recent.add(who, hits)

    def fails(self, who: IntArray) -> BoolArray:
        """Skill under the threshold."""
        right, seen = self._recent.counts(who)
        failed: BoolArray = (seen >= self.at_least) & (right < self.threshold * seen - CLOSE)
        return failed


class Potato(Peer):
    """A gold standard after every 20 items; who is under 70% after 10 of them is shown to the admin, no more.

    Source
    ------
    davidjurgens/potato, commit 050a818, docs/workflow/quality_control.md ("Gold Standards": mixed mode,
    ``frequency: 20``, silent); commit 0891fe5, potato/quality_control.py, ``should_inject_gold_standard``.
    """

    every = 20

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._due = np.zeros(setting.n_labelers)

    def rates(self, who: IntArray) -> Array:
        """A gold standard once one is due."""
        due: Array = (self._due[who] >= 1 - CLOSE).astype(float)
        return due

    def judge(self, served: Served, given: Given, step: int) -> Moves:
        """As every peer, and count towards the next gold standard."""
        moves = super().judge(served, given, step)
        self._due[served.who] += np.where(served.is_benchmark, -1.0, self.setting.scale / self.every)
        return moves

    def fails(self, who: IntArray) -> BoolArray:
        """Nobody is ever out."""
        return np.zeros(len(who), dtype=bool)


class PotatoBlocking(Potato):
    """Potato's attention checks: one after every 10 items, out after the fifth wrong answer in all.

    Source
    ------
    davidjurgens/potato, as above, "Attention Checks": ``frequency: 10``, ``block_threshold: 5``.
    """

    every = 10
    allowed_wrong = 4

    def fails(self, who: IntArray) -> BoolArray:
        """Five wrong answers, however many right ones."""
        failed: BoolArray = self.wrong[who] > self.allowed_wrong
        return failed


PEERS: Mapping[str, Callable[[str, Setting], Peer]] = {
    "fixed-rate": FixedRate,
    "fixed-rate-antibias": FixedRateAntibias,
    "window": Window,
    "mephisto": Mephisto,
    "toloka": Toloka,
    "potato": Potato,
    "potato-blocking": PotatoBlocking,
}
"""Every peer by the name of its policy."""
