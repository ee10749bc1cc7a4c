"""What a process keeps of each project between groups: versions, which never change, and its benchmarks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from goldvein.decisions.planning import Plan, Record
from goldvein.decisions.serving import eligible
from goldvein.domain.errors import NotFound
from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.stats.arrays import Array, IntArray
from goldvein.stats.items import stack_tables
from goldvein.stats.mix import Mix, bearable, table_passes, target_mix
from goldvein.stats.model import AnswerModel, Model, make_answer_model
from goldvein.stats.shortcuts import shortcut_pass_shares
from goldvein.stats.versions import carried_table
from goldvein.store import benchmarks, bootstraps, projects, references, tasks, trust
from goldvein.store.attempts import BEGINNING, Place
from goldvein.store.benchmarks import Benchmark
from goldvein.store.database import Transaction
from goldvein.store.standings import Standing
from goldvein.store.tasks import Content, Key


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A benchmark as serving and judging need it; ``table`` is (states, options + 1).

    Answers to a ``struck`` one say nothing.
    """

    task: int
    ordinal: int
    content: int
    version: int
    key: int
    table: Array
    struck: bool = False


@dataclass(slots=True, eq=False)
class View:
    """One project as this process sees it; replaced piecewise when its revision grows.

    Attributes
    ----------
    items : dict of int to Item
        Every benchmark by its task, also those no longer served: their last answers still count.
    pool : list of Item
        The active ones; ``tables``, ``ordinals`` and ``exposures`` run parallel to it.
    pass_shares : mapping of str to float
        The share of the pool that each shortcut passes; empty while there is none.
    mix : Mix, optional
        How often each of the pool is to be served, so that no shortcut passes more than chance would; None
        while there is no pool.
    kin : tuple of int
        Projects that share benchmarks with this one: what somebody had there is not given again here.
    sandboxes : tuple of int
        Those of them that are sandboxes of this one, closed ones as well.
    models : dict of int to Model
        The present version and those that standings met so far; versions never change.
    trust : mapping of int to str
        Why labelers are on the panel, or may not be, beside what standings say.
    bootstrap : str or None
        Where a start without anybody trusted stands; None where there was none.
    checking : bool
        Whether a reference run is under way, so that some of its tasks may wait.
    head : tuple
        Where the queue of ordinary work began when this process last looked, less than a second ago.
    plan, record : Plan, Record
        What mining is to do, and who answered the latest candidates, as read at ``plan_read_at``.
    usual_trust : list of float
        The trust in those of the panel who were here last.
    """

    project: Project
    policy: Policy
    model: Model | None
    items: dict[int, Item] = field(default_factory=dict)
    active: dict[int, Benchmark] = field(default_factory=dict)
    pool: list[Item] = field(default_factory=list)
    tables: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))
    ordinals: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    exposures: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    pass_shares: Mapping[str, float] = field(default_factory=dict)
    mix: Mix | None = None
    models: dict[int, Model] = field(default_factory=dict)
    trust: Mapping[int, str] = field(default_factory=dict)
    bootstrap: str | None = None
    kin: tuple[int, ...] = ()
    sandboxes: tuple[int, ...] = ()
    checking: bool = False
    lapses_swept_at: datetime | None = None
    head: Place = BEGINNING
    plan: Plan = field(default_factory=Plan)
    record: Record = field(default_factory=Record)
    usual_trust: list[float] = field(default_factory=list)
    plan_read_at: datetime | None = None

    @property
    def answers(self) -> AnswerModel:
        """How trusted people answer: the opened model's, or the one that every project starts with."""
        return self.model.answers if self.model else STARTING_ANSWERS

    @property
    def weights(self) -> Array | None:
        """Weights by which candidates of a draw are found; None where all of the pool are alike.

        With ``directed_share`` 0 nothing is done about shortcuts, in mining as in serving.
        """
        if self.mix is None or self.mix.is_even or not self.policy.directed_share:
            return None
        return self.mix.weights

    @property
    def model_version(self) -> int:
        """The version of an opened project's model."""
        assert self.project.model_version is not None
        return self.project.model_version

    def unseen(self, seen: bytes) -> IntArray:
        """Positions in the pool that a labeler with this bitmap has not seen and that are not worn out."""
        if not len(self.ordinals):
            return np.zeros(0, dtype=np.int64)
        bits = np.zeros(int(self.ordinals.max()) + 8, dtype=np.uint8)
        known = np.unpackbits(np.frombuffer(seen, dtype=np.uint8), bitorder="little")[: len(bits)]
        bits[: len(known)] = known
        return eligible(np.flatnonzero(bits[self.ordinals] == 0), self.exposures, self.policy)

    def count_anew(self, tx: Transaction) -> None:
        """Read how often the pool was served: other processes serve it as well."""
        served = benchmarks.exposures(tx, self.project.id)
        self.exposures = np.array([served.get(item.task, 0) for item in self.pool], dtype=np.int64)


STARTING_ANSWERS = make_answer_model()
_MODELS_KEPT = 200


def mark_seen(seen: bytes, ordinal: int) -> bytes:
    """The bitmap with one more benchmark in it."""
    bits = bytearray(seen.ljust(ordinal // 8 + 1, b"\0"))
    bits[ordinal // 8] |= 1 << (ordinal % 8)
    return bytes(bits)


class Views:
    """The views of all living projects, and the content of tasks lately read."""

    def __init__(self, contents_kept: int = 20_000, bytes_kept: int = 32 * 1024 * 1024) -> None:
        self._views: dict[int, View] = {}
        self._models: OrderedDict[tuple[int, int], Model] = OrderedDict()
        self._contents: OrderedDict[Key, Content] = OrderedDict()
        self._contents_kept = contents_kept
        self._bytes_kept = bytes_kept
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """Stored size of the contents held now."""
        return self._bytes

    def refresh(self, tx: Transaction) -> dict[int, View]:
        """Bring the views up to date: one cheap statement unless something changed."""
        revisions = projects.revisions(tx)
        over = [known for known in self._views if known not in revisions]
        for project in over:
            del self._views[project]
        if over:  # their contents may be erased: nobody reads them here any more
            for key in [key for key in self._contents if key[0] in over]:
                self._bytes -= self._contents.pop(key).size
        for project, revision in revisions.items():
            known = self._views.get(project)
            if known is None or known.project.revision < revision:
                self._views[project] = self._load(tx, project, known)
        return self._views

    def one(self, tx: Transaction, project: int) -> View:
        """Read one project and none of the others: for whom a look at it is all that is wanted.

        Raises
        ------
        NotFound
            If the project is not under way.
        """
        if project not in projects.revisions(tx):
            raise NotFound(f"there is no project {project} under way", code="project_unknown")
        return self._load(tx, project, None)

    def model(self, tx: Transaction, project: int, version: int) -> Model:
        """Read a version of a project's model; it never changes, so the latest ones are kept."""
        key = (project, version)
        if key not in self._models:
            self._models[key] = Model.from_dict(projects.get_model(tx, project, version))
        self._models.move_to_end(key)
        while len(self._models) > _MODELS_KEPT:
            self._models.popitem(last=False)
        return self._models[key]

    def know(self, tx: Transaction, standings: Iterable[Standing]) -> None:
        """Read the model versions on which some standings still rest, for who is to convert them."""
        for standing in standings:
            view = self._views.get(standing.project)
            if view is not None and standing.model_version not in view.models:
                version = standing.model_version
                view.models[version] = self.model(tx, standing.project, version)

    def contents(self, tx: Transaction, keys: Iterable[Key]) -> dict[Key, Content]:
        """Read the content of tasks; it never changes, so what was read lately is not read again."""
        wanted = set(keys)
        found = {key: self._contents[key] for key in wanted if key in self._contents}
        missing = tasks.contents(tx, wanted - found.keys())
        self._contents.update(missing)
        self._bytes += sum(content.size for content in missing.values())
        while len(self._contents) > self._contents_kept or self._bytes > self._bytes_kept:
            _, oldest = self._contents.popitem(last=False)
            self._bytes -= oldest.size
        return {**found, **missing}

    def _load(self, tx: Transaction, project: int, known: View | None) -> View:
        row = projects.find(tx, project)
        assert row is not None
        policy = known.policy if known else None
        if policy is None or known is None or known.project.policy_version != row.policy_version:
            policy = Policy.from_dict(projects.get_policy(tx, project, row.policy_version))
        reshaped = known is not None and known.project.model_version != row.model_version
        kin, own = projects.kin(tx, row), projects.sandboxes_of(tx, row)
        view = View(row, policy, None, kin=kin, sandboxes=own)
        if row.model_version is not None:
            view.model = self.model(tx, project, row.model_version)
            view.models = {**(known.models if known else {}), row.model_version: view.model}
        since = 0
        if known is not None:
            view.head, view.lapses_swept_at = known.head, known.lapses_swept_at
            view.plan, view.record, view.plan_read_at = known.plan, known.record, known.plan_read_at
            view.usual_trust = known.usual_trust
            if not reshaped:
                view.items, view.active, since = dict(known.items), dict(known.active), known.project.revision
        for benchmark in benchmarks.changed_since(tx, project, since):
            self._take_in(tx, view, benchmark)
        view.trust, view.bootstrap = trust.bases(tx, project), bootstraps.state(tx, project)
        view.checking = references.under_way(tx, project) is not None
        _stack(tx, view)
        return view

    def _take_in(self, tx: Transaction, view: View, benchmark: Benchmark) -> None:
        """Note a benchmark; a table laid on another model version is carried to this one."""
        item = benchmark.item
        if item.likelihoods is not None and item.model_version is not None and view.model is not None:
            laid_on = self.model(tx, view.project.id, item.model_version)
            table = np.frombuffer(item.likelihoods).reshape(laid_on.space.size, -1)
            view.items[benchmark.task] = Item(
                benchmark.task, benchmark.ordinal, benchmark.content, item.version, item.key,
                carried_table(table, laid_on, view.model), item.struck,
            )  # fmt: skip
        view.active.pop(benchmark.task, None)
        if benchmark.state == "active":
            view.active[benchmark.task] = benchmark


def _stack(tx: Transaction, view: View) -> None:
    """Lay the active benchmarks side by side; servings are counted without a new revision, so read anew."""
    view.pool = [view.items[task] for task in view.active if task in view.items]
    if view.pool:
        view.count_anew(tx)
        view.tables = stack_tables([item.table for item in view.pool])
        view.ordinals = np.array([item.ordinal for item in view.pool])
        if view.model is not None:
            tables, keys = [item.table for item in view.pool], [item.key for item in view.pool]
            view.pass_shares = shortcut_pass_shares(view.model, tables, keys)
            fixed = view.project.classes is not None
            view.mix = target_mix(
                table_passes(view.model, tables, keys, positions_fixed=fixed),
                [table.shape[1] - 1 for table in tables],
                bearable(view.exposures, view.policy.exposure_budget),
            )
