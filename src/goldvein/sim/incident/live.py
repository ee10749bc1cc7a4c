"""The incident over HTTP: a project is mined, opens, and meets those who take the longest option."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from goldvein.bootstrap import running_server
from goldvein.client import GoldveinClient
from goldvein.services import keys, projects
from goldvein.sim.background import running_worker
from goldvein.sim.demo.people import make_people
from goldvein.sim.incident.simulated import ACCURACY, CAUGHT_BELOW, OURS, Fate
from goldvein.sim.labelers import Honest, Longest
from goldvein.sim.outcome import read_outcome
from goldvein.sim.population import Knowledge, Person
from goldvein.sim.scratch import scratch_database
from goldvein.sim.texts import INSTRUCTION, texts
from goldvein.sim.work import HttpLabeler, watch, work
from goldvein.store import answerlog, standings
from goldvein.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.outcome import Outcome
    from goldvein.sim.texts import Text
    from goldvein.stats.arrays import IntArray

Mining = Literal["random", "directed"]

QUIZ: Final = 10
_HASTE: Final = {"hold_seconds": 10, "lease_seconds": 60, "dismiss_at": 0.0}
POLICIES: Final[Mapping[Mining, Mapping[str, float]]] = {
    "random": {
        **_HASTE, "directed_share": 0.0, "open_counterexamples": 0, "candidates_drawn": 1, "best_of": 1,
    },
    "directed": _HASTE,
}  # fmt: skip
"""As in 2019, benchmarks as they come and drawn all alike; and as the service is set up. Nobody is dismissed,
so that every filter sees as much of everybody; who would be is told from P(good)."""


@dataclass(frozen=True, slots=True)
class Live:
    """What came of a live run.

    Attributes
    ----------
    fates : tuple of Fate
        As an accuracy filter would have judged the same answers, and as the service did.
    opened_after : int
        Answers of the panel until the project opened.
    passes : float
        Share of active benchmarks that the longest option passed in the end.
    accuracy : (n,) float
        Of those who take the longest option, on the benchmarks that each was served.
    shortcuts : dict
        The report on them, over the API.
    """

    fates: tuple[Fate, ...]
    opened_after: int
    passes: float
    accuracy: np.ndarray
    shortcuts: dict[str, Any]


def play_live(
    server: str,
    mining: Mining,
    *,
    seed: int,
    honest: int = 16,
    longest: int = 12,
    trusted: int = 5,
    tasks: int = 2_000,
    benchmarks: int = 15,
    seconds: float = 180,
) -> Live:
    """Play the incident on a real service, over HTTP.

    Parameters
    ----------
    server : str
        Address of a database server; a database of the run's own is made on it.
    mining : str
        ``random``, as in 2019, or ``directed``.
    seed : int
    honest, longest, trusted : int
        How many people of each kind.
    tasks : int
        Texts pushed; the longest option is right on 85% of them.
    benchmarks : int
        How many everybody who takes the longest option is watched for; fewer when time is up.
    seconds : float
        When time is up.
    """
    rng = np.random.default_rng(seed)
    crowd = _crowd(rng, honest, longest, trusted)
    with (
        scratch_database(server) as url,
        Database(url, pool_size=4) as db,
        running_server(url, seed=seed) as base_url,
        running_worker(url),
    ):
        now = datetime.now(UTC)
        customer = keys.issue(db, "customer", keys.create_customer(db, "incident", now), "incident", now)
        knowledge = Knowledge()
        people = make_people(db, crowd, knowledge, rng, think=0.0)
        with GoldveinClient(base_url, customer) as client:
            project = client.create_project("descriptiveness", INSTRUCTION, policy=dict(POLICIES[mining])).id
            pushed = _pushed(rng, tasks)
            for text in pushed:
                knowledge.add_text(text)
            client.push(project, [{"input": text.input()} for text in pushed], batch="all")
            asyncio.run(_run(db, base_url, project, crowd, people, benchmarks, seconds))
            shortcuts = client.quality(project)["shortcuts"]
        return _told(db, project, crowd, mining, shortcuts)


def _pushed(rng: np.random.Generator, count: int) -> list[Text]:
    """Texts, the longest option right on 17 of each 20: by chance alone a pool's share would vary by .08."""
    right, wrong = texts(count, rng, longest_right=1.0), texts(count, rng, longest_right=0.0)
    found: list[Text] = []
    while len(found) < count:
        twenty = [*islice(right, 17), *islice(wrong, 3)]
        found += [twenty[int(place)] for place in rng.permutation(20)]
    return found[:count]


def _crowd(rng: np.random.Generator, honest: int, longest: int, trusted: int) -> list[Person]:
    panel = [Person(f"trusted-{n}", "trusted", Honest(0.97)) for n in range(trusted)]
    able = [Person(f"honest-{n}", "labeler", Honest(float(rng.uniform(0.85, 0.95)))) for n in range(honest)]
    short = [Person(f"longest-{n}", "labeler", Longest()) for n in range(longest)]
    return [*panel, *able, *short]


async def _run(
    db: Database,
    base_url: str,
    project: int,
    crowd: Sequence[Person],
    people: Sequence[HttpLabeler],
    benchmarks: int,
    seconds: float,
) -> None:
    """Let people work until all of those who are watched have answered enough benchmarks."""
    stop, began = asyncio.Event(), time.monotonic()
    watched = sum(person.kind == "longest" for person in crowd)

    async def is_over() -> bool:
        steps = await asyncio.to_thread(_steps, db, project)
        done = sum(
            sum(one.is_benchmark for one in steps.get(person.name, ())) >= benchmarks
            for person in crowd
            if person.kind == "longest"
        )
        return done == watched or time.monotonic() - began > seconds

    async with asyncio.TaskGroup() as group:
        group.create_task(watch(1.0, stop, is_over))
        group.create_task(work(base_url, people, stop, project=project))


def _steps(db: Database, project: int) -> dict[str, list[answerlog.Given]]:
    """Everybody's answers on the log, by name."""
    with db.connection() as tx:
        counts = answerlog.labelers(tx, project)
        found = [
            step
            for page in answerlog.latest(tx, project, dict.fromkeys(counts, 1), benchmarks_only=False)
            for step in page
        ]
        names = {line.labeler: line.name for line in standings.list_project(tx, project)}
    steps: dict[str, list[answerlog.Given]] = {}
    for step in found:
        steps.setdefault(names[step.labeler], []).append(step)
    return steps


def _told(
    db: Database, project: int, crowd: Sequence[Person], mining: Mining, shortcuts: dict[str, Any]
) -> Live:
    outcome, steps = read_outcome(db, project), _steps(db, project)
    key_of = outcome.key_of
    of_kind = {
        kind: [steps.get(person.name, []) for person in crowd if person.kind == kind]
        for kind in ("longest", "honest")
    }
    hits = {
        kind: [[step.choice == key_of[step.task] for step in own if step.is_benchmark] for own in group]
        for kind, group in of_kind.items()
    }
    policy = projects.policy(db, project)
    by_accuracy = {kind: _failed(rows, policy.quality_bar) for kind, rows in hits.items()}
    by_us = {kind: np.array([_caught(own) for own in group]) for kind, group in of_kind.items()}
    names = {person.name for person in crowd if person.kind == "longest"}
    lines = [line for line in outcome.standings.values() if line.name in names]
    delivering = sum(line.p_benchmarks >= policy.deliver_at for line in lines)
    fates = (
        Fate(
            ACCURACY, mining, len(by_accuracy["longest"]), int((by_accuracy["longest"] < 0).sum()),
            by_accuracy["longest"], len(by_accuracy["honest"]), int((by_accuracy["honest"] >= 0).sum()),
        ),
        Fate(
            OURS, mining, len(by_us["longest"]), delivering, by_us["longest"],
            len(by_us["honest"]), int((by_us["honest"] >= 0).sum()),
        ),
    )  # fmt: skip
    return Live(
        fates, _opened_after(outcome), float(shortcuts["longest"]["passes"]),
        np.array([np.mean(own) if own else np.nan for own in hits["longest"]]), shortcuts,
    )  # fmt: skip


def _failed(hits: Sequence[Sequence[bool]], bar: float) -> IntArray:
    """Benchmarks after which a quiz of ten, or then the running accuracy, ends a labeler's work; or -1."""
    found = []
    for own in hits:
        right = np.cumsum(own)
        seen = np.arange(1, len(own) + 1)
        out = np.flatnonzero((seen >= QUIZ) & (right < bar * seen - 1e-9))
        found.append(int(seen[out[0]]) if len(out) else -1)
    return np.array(found, dtype=np.int64)


def _caught(steps: Sequence[answerlog.Given]) -> int:
    """Benchmarks answered when P(good) fell to ``CAUGHT_BELOW``; -1 if it never did."""
    answered = 0
    for step in steps:
        answered += step.is_benchmark
        if step.is_benchmark and step.p_benchmarks <= CAUGHT_BELOW:
            return answered
    return -1


def _opened_after(outcome: Outcome) -> int:
    """Answers that were given before the project opened."""
    opened = outcome.project.opened_at
    return sum(opened is None or answer.received_at <= opened for answer in outcome.answers)
