"""The customer of the demonstration: a training loop that asks people, learns from them, and asks anew.

Everything it knows of people's answers it reads over the API, as any customer would. What is true of its
texts it notes for the report, and never looks at itself.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from goldvein.client import ApiError, Unreachable
from goldvein.sim.demo.exam import Exam, Marks
from goldvein.sim.demo.reward import features, train
from goldvein.sim.demo.writer import Writer

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from goldvein.client import GoldveinClient
    from goldvein.sim.demo.reward import RewardModel
    from goldvein.sim.demo.writer import Question
    from goldvein.sim.population import Knowledge
    from goldvein.stats.arrays import Array
    from goldvein.wire import Event

ROUND: Final = 500
LEAST: Final = 50
"""Labels that the first training needs."""
GROWTH: Final = 1.25
"""It is trained anew once there are so many times as many labels."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training of the reward model.

    Attributes
    ----------
    tasks : tuple of str
        Those whose labels it was trained on, in the order in which they came.
    marks : Marks
        How it did in the exam.
    """

    tasks: tuple[str, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class Round:
    """What the customer asked at one time: means over the continuations that its writer wrote."""

    number: int
    details: float
    padding: float


@dataclass(slots=True)
class Books:
    """All that the customer keeps; ``truths`` and what is counted by them are for the report alone."""

    truths: dict[str, int] = field(default_factory=dict)
    looks: dict[str, Array] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    right: int = 0
    rounds: list[Round] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)

    def read(self, events: Iterable[Event]) -> None:
        """Take in what was delivered and what was taken back; what a visitor pushed is not the customer's."""
        for event in events:
            label = event.label
            if label is None or label.unique_id is None or label.unique_id not in self.truths:
                continue
            before = self.labels.pop(label.unique_id, None)
            now = int(label.answer["choice"]) if event.event == "label.created" else None
            if now is not None:
                self.labels[label.unique_id] = now
            truth = self.truths[label.unique_id]
            self.right += (now == truth) - (before == truth)

    def learned(self, choices: dict[str, int], tasks: Iterable[str]) -> RewardModel:
        """Train on what was chosen in these tasks."""
        names = list(tasks)
        return train([self.looks[name] for name in names], [choices[name] for name in names])


class Customer:
    """The loop: write a round, push it, read labels, train the reward model, train the writer by it.

    Parameters
    ----------
    ahead : int
        The next round is asked for while so many tasks wait for their label: people shall not run dry.
    """

    def __init__(
        self,
        client: GoldveinClient,
        project: int,
        knowledge: Knowledge,
        rng: np.random.Generator,
        stop: threading.Event,
        *,
        ahead: int,
    ) -> None:
        self._client = client
        self._project = project
        self._knowledge = knowledge
        self._rng = rng
        self._stop = stop
        self._ahead = ahead
        self._cursor = 0
        self._model: RewardModel | None = None
        self.writer = Writer()
        self.exam = Exam.of_writer(self.writer, rng)
        self.books = Books()
        self.opened_at: float | None = None

    def run(self) -> None:
        """Work in rounds until told to stop."""
        with contextlib.suppress(Unreachable, ApiError):  # the service went down first
            while not self._stop.is_set():
                self._ask()
                while (
                    not self._stop.is_set() and len(self.books.truths) - len(self.books.labels) > self._ahead
                ):
                    self._read()
                    self._learn(GROWTH)
                self._teach()

    def finish(self) -> None:
        """Read what is still to be read, and train once more."""
        before = None
        while before != self._cursor:
            before = self._cursor
            self._read(wait=0)
        self._learn()

    def _ask(self) -> None:
        number = len(self.books.rounds) + 1
        questions = [self.writer.question(self._rng) for _ in range(ROUND)]
        items = [self._noted(f"round-{number}-{place}", one) for place, one in enumerate(questions)]
        self._client.push(self._project, items, batch=f"round-{number}")
        drafts = [draft for one in questions for draft in one.drafts]
        self.books.rounds.append(
            Round(
                number,
                float(np.mean([draft.details for draft in drafts])),
                float(np.mean([draft.padding for draft in drafts])),
            )
        )

    def _noted(self, name: str, question: Question) -> dict[str, object]:
        """Note what is true of a question, and make of it what is pushed."""
        self._knowledge.add_text(question.text)
        self.books.truths[name] = question.text.truth
        self.books.looks[name] = np.array([features(words) for words in question.text.options])
        return {"input": question.text.input(), "unique_id": name}

    def _read(self, wait: float = 1) -> None:
        page = self._client.events_page(self._project, after=self._cursor, limit=1_000, wait=wait)
        self.books.read(page.events)
        self._cursor = page.next
        if self.opened_at is None and self._client.project(self._project).state == "open":
            self.opened_at = time.monotonic()

    def _learn(self, growth: float = 1.0) -> None:
        """Train the reward model on all labels that stand, if there are so many more than the last time."""
        tasks = tuple(self.books.labels)
        last = len(self.books.lessons[-1].tasks) if self.books.lessons else 0
        if len(tasks) < max(LEAST, growth * last, last + 1):
            return
        self._model = self.books.learned(self.books.labels, tasks)
        self.books.lessons.append(Lesson(tasks, self.exam.take(self._model)))

    def _teach(self) -> None:
        """Let the writer take one step by the reward model."""
        if self._model is not None:
            self.writer = self.writer.trained(self._model, self._rng)
