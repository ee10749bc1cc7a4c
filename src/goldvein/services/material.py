"""What a project's log says, as arrays: the latest answers of every labeler, and the tasks they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.services.accuracy import Candidates, candidates
from goldvein.services.views import View
from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.states import POSITION_RULES
from goldvein.store import answerlog, benchmarks, tasks
from goldvein.store.answerlog import Given
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Transaction
from goldvein.tasktypes import choice, reading

BENCHMARK_ANSWERS = 1_500_000
"""About so many answers to benchmarks are read, the latest of every labeler."""
ORDINARY_ANSWERS = 100_000
_FEWEST_EACH = 50
_CONTENTS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers, one entry each; a labeler's stand together, in order of time.

    Attributes
    ----------
    labeler : (n,) int
        Place among ``Material.labelers``.
    n : (n,) int
        Version of the standing after it: differences are answers in between, ordinary ones included.
    task : (n,) int
        Place among ``Material.tasks``.
    choice : (n,) int
        In content order; -1: cannot be answered.
    first, last : (n,) int
        Options shown first and last.
    p_good : (n,) float
        P(labeler at or over the bar) after it, by benchmarks.
    seconds : (n,) float
        Time on task; NaN where none is known.
    exposures : (n,) int
        Servings of the benchmark before; 0 for ordinary work.
    """

    labeler: IntArray
    n: IntArray
    task: IntArray
    choice: IntArray
    first: IntArray
    last: IntArray
    p_good: Array
    seconds: Array
    exposures: IntArray

    def __len__(self) -> int:
        """How many answers there are."""
        return len(self.task)


@dataclass(frozen=True, slots=True, eq=False)
class PanelAnswers:
    """What trusted labelers said of benchmarks before they were any: as ``Answers``, but labelers by id."""

    labeler: IntArray
    task: IntArray
    choice: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Everything that estimation reads of one project.

    Attributes
    ----------
    view : View
    known : mapping of int to Benchmark
        Every benchmark with the item version in force, retired ones included, by task.
    first_keys : mapping of int to (key probabilities, difficulty)
        What was known of each before the crowd answered it, by task.
    opening_mix : set of int
        Tasks of the benchmarks on which the bar stands.
    labelers : (n_labelers,) int
    whole : (n_labelers,) bool
        Whose history was read from its beginning.
    steps : int
        Answers that the project's labelers gave in all.
    tasks : (n_tasks,) int
        Ids of the tasks answered.
    n_options, characters : (n_tasks,) int
    picks : n_tasks mappings of rule to options
        Of all rules that the task has a pick for; positions too, where the order is fixed.
    benchmark, ordinary : Answers
    panel : PanelAnswers
        To those benchmarks that the crowd answered.
    mined : Candidates
        The panel's answers to tasks as they were pushed, whatever became of them.
    """

    view: View
    known: Mapping[int, Benchmark]
    first_keys: Mapping[int, tuple[Sequence[float], Sequence[float]]]
    opening_mix: frozenset[int]
    labelers: IntArray
    whole: BoolArray
    steps: int
    tasks: IntArray
    n_options: IntArray
    characters: IntArray
    picks: Sequence[Mapping[str, Sequence[int]]]
    benchmark: Answers
    ordinary: Answers
    panel: PanelAnswers
    mined: Candidates

    @property
    def is_benchmark(self) -> BoolArray:
        """Which of the tasks are, or were, benchmarks."""
        return np.isin(self.tasks, list(self.known))


def read_material(tx: Transaction, view: View, benchmark_answers: int = BENCHMARK_ANSWERS) -> Material:
    """Read a project's log in pages; the memory that it takes grows with the answers kept alone.

    Parameters
    ----------
    tx : Transaction
        A snapshot.
    view : View
    benchmark_answers : int
        About so many are read, the latest of every labeler.
    """
    project = view.project.id
    counts = answerlog.labelers(tx, project)
    served = _read(tx, project, counts, _each(counts, benchmark_answers), benchmarks_only=True)
    ordinary_each = max(_FEWEST_EACH, ORDINARY_ANSWERS // max(1, len(counts)))
    asked = some_of(counts, ORDINARY_ANSWERS // ordinary_each)
    given = _read(tx, project, asked, ordinary_each, benchmarks_only=False)
    labelers = np.array(sorted(counts), dtype=np.int64)
    whole = np.array([counts[labeler] for labeler in labelers.tolist()]) <= _each(counts, benchmark_answers)
    answered = np.unique(np.concatenate([served["task"], given["task"]]))
    n_options, characters, picks = _contents(tx, view, answered.tolist())
    return Material(
        view,
        {one.task: one for one in benchmarks.changed_since(tx, project, 0)},
        answerlog.first_keys(tx, project),
        frozenset(answerlog.opening_mix(tx, project)),
        labelers, whole, sum(counts.values()), answered, n_options, characters, picks,
        _answers(served, labelers, answered), _answers(given, labelers, answered),
        _panel(tx, project, np.unique(served["task"]), answered), candidates(tx, view),
    )  # fmt: skip


def _each(counts: Mapping[int, int], at_most: int) -> int:
    """Steps of each labeler among which benchmarks are looked for: most steps are ordinary work."""
    return 10 * max(_FEWEST_EACH, at_most // max(1, len(counts)))


def some_of(counts: Mapping[int, int], at_most: int) -> Mapping[int, int]:
    """So many labelers, evenly over all that there are: how good work leans shows in a sample."""
    names = sorted(counts)
    places = (
        range(len(names)) if len(names) <= at_most else np.linspace(0, len(names) - 1, at_most).astype(int)
    )
    return {names[place]: counts[names[place]] for place in places}


def _read(
    tx: Transaction, project: int, counts: Mapping[int, int], each: int, *, benchmarks_only: bool
) -> dict[str, IntArray | Array]:
    """Columns of the latest steps: of each labeler as many as leave room for the others."""
    firsts = {labeler: max(1, n - each + 1) for labeler, n in counts.items()}
    pages = [
        _columns(g for g in page if g.is_benchmark == benchmarks_only)
        for page in answerlog.latest(tx, project, firsts, benchmarks_only=benchmarks_only)
    ]
    pages = pages or [_columns([])]
    return {name: np.concatenate([page[name] for page in pages]) for name in pages[0]}


def _columns(given: Iterable[Given]) -> dict[str, IntArray | Array]:
    rows = list(given)
    whole = {
        "labeler": [g.labeler for g in rows],
        "n": [g.n for g in rows],
        "task": [g.task for g in rows],
        "choice": [g.choice for g in rows],
        "first": [g.shown[0] for g in rows],
        "last": [g.shown[-1] for g in rows],
        "exposures": [g.exposures or 0 for g in rows],
    }
    seconds = [np.nan if g.milliseconds is None else g.milliseconds / 1000 for g in rows]
    return {
        **{name: np.array(values, dtype=np.int64) for name, values in whole.items()},
        "p_good": np.array([g.p_benchmarks for g in rows], dtype=float),
        "seconds": np.array(seconds, dtype=float),
    }


def _answers(columns: Mapping[str, IntArray | Array], labelers: IntArray, answered: IntArray) -> Answers:
    """The same columns with labelers and tasks by their places."""
    places = {
        "labeler": np.searchsorted(labelers, columns["labeler"]),
        "task": np.searchsorted(answered, columns["task"]),
    }
    return Answers(**{**columns, **places})  # type: ignore[arg-type]  # each name stands once in both


def _panel(tx: Transaction, project: int, served: IntArray, answered: IntArray) -> PanelAnswers:
    """What the panel said of the benchmarks that were served."""
    said = [
        (one.labeler, task, one.choice)
        for task, answers in benchmarks.panel_answers(tx, project, served.tolist()).items()
        for one in answers
    ]
    columns = np.array(said, dtype=np.int64).reshape(-1, 3).T
    return PanelAnswers(columns[0], np.searchsorted(answered, columns[1]), columns[2])


def _contents(
    tx: Transaction, view: View, answered: Sequence[int]
) -> tuple[IntArray, IntArray, list[Mapping[str, Sequence[int]]]]:
    """Read off the tasks what estimation makes use of, some contents at a time."""
    classes = view.project.classes
    own = {} if classes is None else choice.rule_choices({}, classes, choice.content_rules(classes))
    ends = {} if classes is None else dict(zip(POSITION_RULES, ((0,), (len(classes) - 1,)), strict=True))
    n_options, characters = [], []
    picks: list[Mapping[str, Sequence[int]]] = []
    for first in range(0, len(answered), _CONTENTS):
        some = [(view.project.id, task) for task in answered[first : first + _CONTENTS]]
        contents = tasks.contents(tx, some)
        for key in some:
            content = contents[key]
            n_options.append(len(choice.choices_of(content.input, classes)))
            characters.append(reading.characters(content.input, classes))
            picks.append({**content.rules, **own, **ends})
    return np.array(n_options, dtype=np.int64), np.array(characters, dtype=np.int64), picks


def with_none_last(answers: Answers | PanelAnswers, n_options: IntArray) -> IntArray:
    """Choices with "cannot be answered" as the option after the last, as tables have it."""
    return np.where(answers.choice == UNANSWERABLE, n_options[answers.task], answers.choice)


def chosen(answers: Answers, which: BoolArray) -> Answers:
    """Only some of the answers."""
    columns = {column.name: getattr(answers, column.name)[which] for column in fields(Answers)}
    return Answers(**columns)
