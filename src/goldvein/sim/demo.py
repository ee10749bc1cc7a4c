"""The demonstration: a descriptiveness project, a hundred simulated people over HTTP, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.bootstrap import running_server
from goldvein.client import ApiError, GoldveinClient, Unreachable
from goldvein.services import explaining, keys, verification
from goldvein.sim.background import running_worker
from goldvein.sim.outcome import counts, latency, read_outcome
from goldvein.sim.population import Knowledge, answering, by_kind, mixed_crowd
from goldvein.sim.scratch import scratch_database
from goldvein.sim.texts import INSTRUCTION, texts
from goldvein.sim.work import HttpLabeler, work
from goldvein.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from goldvein.sim.outcome import Outcome
    from goldvein.sim.population import Person
    from goldvein.sim.texts import Text

ROUND = 600
POLICY = {"hold_seconds": 20, "lease_seconds": 60}


@dataclass(slots=True)
class State:
    """What the demonstration shows while it runs."""

    round: int = 0
    pushed: int = 0
    labels: int = 0
    right: int = 0
    answers: int = 0
    project_state: str = "mining"
    began: float = field(default_factory=time.monotonic)
    opened_after: float | None = None


Show = Callable[[State], None]


def run_demo(
    server: str, *, seconds: float, size: int, think: float, seed: int, show: Show, stop: threading.Event
) -> dict[str, Any]:
    """Run a whole operation for some time and report on it.

    Parameters
    ----------
    server : str
        Address of a server on which a database of the run's own is made.
    seconds : float
        How long people work.
    size : int
        How many people.
    think : float
        Mean seconds between a task shown and its answer.
    seed : int
    show : callable
        Called now and then with the state.
    stop : threading.Event
        Set to end early.
    """
    rng = np.random.default_rng(seed)
    crowd = mixed_crowd(rng, size)
    with (
        scratch_database(server) as url,
        Database(url, pool_size=4) as db,
        running_server(url, seed=seed) as base_url,
        running_worker(url),
    ):
        now = datetime.now(UTC)
        customer = keys.issue(db, "customer", keys.create_customer(db, "demo", now), "demo", now)
        knowledge, state = Knowledge(), State()
        people = make_people(db, crowd, knowledge, rng, think=think)
        with GoldveinClient(base_url, customer) as client:
            project = client.create_project("descriptiveness", INSTRUCTION, policy=POLICY).id
            source = _Customer(client, project, knowledge, np.random.default_rng(seed + 1), state, stop)
            thread = threading.Thread(target=source.run, name="demo-customer", daemon=True)
            thread.start()
            asyncio.run(_run(base_url, project, people, seconds, state, show, stop))
            stop.set()
            thread.join()
        outcome = read_outcome(db, project)
        checked = verification.verify(db, project)
        report = report_of(outcome, crowd, [person.name for person in people], source.truths)
        example = _example(db, report)
    return {
        "seed": seed,
        "seconds": time.monotonic() - state.began,
        "opened_after_seconds": state.opened_after,
        "rounds": state.round,
        "pushed": state.pushed,
        **report,
        "verify": "ok" if checked.ok else len(checked.broken),
        "broken": [str(row) for row in checked.broken[:20]],
        "example": example,
    }


def make_people(
    db: Database, crowd: Sequence[Person], knowledge: Knowledge, rng: np.random.Generator, *, think: float
) -> list[HttpLabeler]:
    """Store people and give each a key and a mind of its own."""
    now = datetime.now(UTC)
    ids = keys.create_labelers(db, [(person.name, person.role) for person in crowd], now)
    issued = keys.issue_many(
        db, [(person.role, labeler, person.name) for person, labeler in zip(crowd, ids, strict=True)], now
    )
    minds = rng.spawn(len(crowd))
    return [
        HttpLabeler(
            person.name,
            key.token,
            answering(person, knowledge, mind),
            think=_thinking(person, mind, think) if think else None,
        )
        for person, key, mind in zip(crowd, issued, minds, strict=True)
    ]


def _thinking(person: Person, rng: np.random.Generator, mean: float) -> Callable[[], float]:
    """Log-normal times; who does not read is three times as quick; part-timers take their rests."""
    quick = 1.0 if person.behaviour.is_good(0) else 0.35
    given = 0

    def think() -> float:
        nonlocal given
        rest = person.behaviour.rest_seconds(given, rng)
        given += 1
        return rest + float(mean * quick * rng.lognormal(-0.125, 0.5))

    return think


class _Customer:
    """The customer's program: pushes a round, reads labels until it is done, pushes the next."""

    def __init__(
        self,
        client: GoldveinClient,
        project: int,
        knowledge: Knowledge,
        rng: np.random.Generator,
        state: State,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._project = project
        self._knowledge = knowledge
        self._rng = rng
        self._state = state
        self._stop = stop
        self.truths: dict[str, int] = {}

    def run(self) -> None:
        """Work in rounds until told to stop."""
        with contextlib.suppress(Unreachable, ApiError):  # the service went down first
            cursor = 0
            while not self._stop.is_set():
                self._push(list(texts(ROUND, self._rng)))
                wanted = self._state.pushed - ROUND // 4  # ask for more before the last are in
                while self._state.labels < wanted and not self._stop.is_set():
                    cursor = self._read(cursor)
                    self._look()

    def _push(self, round_: list[Text]) -> None:
        self._state.round += 1
        items = []
        for place, text in enumerate(round_):
            name = f"round-{self._state.round}-{place}"
            self._knowledge.add_text(text)
            self.truths[name] = text.truth
            items.append({"input": text.input(), "unique_id": name})
        self._client.push(self._project, items, batch=f"round-{self._state.round}")
        self._state.pushed += len(items)

    def _read(self, cursor: int) -> int:
        page = self._client.events_page(self._project, after=cursor, limit=1_000, wait=1)
        for event in page.events:
            label = event.label
            if label is not None and event.event == "label.created":
                self._state.labels += 1
                self._state.right += label.answer["choice"] == self.truths[label.unique_id or ""]
        return page.next

    def _look(self) -> None:
        if self._state.opened_after is None:
            self._state.project_state = self._client.project(self._project).state
            if self._state.project_state == "open":
                self._state.opened_after = time.monotonic() - self._state.began


async def _run(
    base_url: str,
    project: int,
    people: Sequence[HttpLabeler],
    seconds: float,
    state: State,
    show: Show,
    stop: threading.Event,
) -> None:
    """Let people work for so long, or until somebody presses Ctrl-C."""
    over = asyncio.Event()
    with _interrupts(over):

        async def clock() -> None:
            while not over.is_set() and not stop.is_set() and time.monotonic() - state.began < seconds:
                state.answers = sum(person.answered for person in people)
                show(state)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), timeout=0.25)
            over.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(clock())
            group.create_task(work(base_url, people, over, project=project, longest_wait=2.0))


@contextlib.contextmanager
def _interrupts(over: asyncio.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the work instead of the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def report_of(
    outcome: Outcome, crowd: Sequence[Person], names: Sequence[str], truths: Mapping[str, int]
) -> dict[str, Any]:
    """Set what was delivered against the truth, in all and by kind of person."""
    named = {task: fact.unique_id or "" for task, fact in outcome.tasks.items()}
    right = {task: truths[name] for task, name in named.items() if name in truths}
    labels = [label for label in outcome.current_labels if label.task in right]
    ordinary = [answer for answer in outcome.ordinary if answer.task in right]
    wrong_keys = sum(
        key.key is not None and key.task in right and key.key != right[key.task] for key in outcome.keys
    )
    return {
        **counts(outcome),
        "accuracy_answers": _mean([answer.choice == right[answer.task] for answer in ordinary]),
        "accuracy_delivered": _mean([label.choice == right[label.task] for label in labels]),
        "benchmarks": {
            "active": sum(key.state == "active" for key in outcome.keys),
            "wrong_keys": wrong_keys,
        },
        "latency_seconds": latency(outcome),
        "latency_since_open_seconds": latency(outcome, since_open=True),
        "kinds": _kinds(outcome, crowd, names, right),
    }


def _kinds(
    outcome: Outcome, crowd: Sequence[Person], names: Sequence[str], right: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Count, for each kind of person, who was let in and what was delivered."""
    standing = {line.name: line for line in outcome.standings.values()}
    kind_of = {standing[person.name].labeler: person.kind for person in crowd if person.name in standing}
    assert set(names) == {person.name for person in crowd}
    lines = []
    for kind, people in by_kind(crowd).items():
        own = [standing[person.name] for person in people if person.name in standing]
        labels = [
            label
            for label in outcome.current_labels
            if label.basis == "labeler" and kind_of.get(label.labeler or 0) == kind
        ]
        ordinary = [answer for answer in outcome.ordinary if kind_of.get(answer.labeler) == kind]
        delivering = {label.labeler for label in labels}
        lines.append(
            {
                "kind": kind,
                "people": len(people),
                "let_in": len(own),
                "dismissed": sum(line.state == "dismissed" for line in own),
                "delivering": len(delivering),
                "benchmarks": sum(line.benchmarks for line in own),
                "answers": len(ordinary),
                "accuracy_answers": _mean([answer.choice == right.get(answer.task) for answer in ordinary]),
                "delivered": len(labels),
                "accuracy_delivered": _mean([label.choice == right.get(label.task) for label in labels]),
            }
        )
    return lines


def _example(db: Database, report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Tell the story of somebody who was dismissed."""
    for kind in ("longest", "random", "first-shown", "shortest"):
        for number in range(1, 20):
            try:
                story = explaining.explain(db, f"{kind}-{number}").to_dict()
            except Exception:  # noqa: BLE001, S112 - an example is no reason to lose the report
                continue
            if story["verdict"] == "dismissed" and report:
                return story
    return None


def _mean(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if len(values) else None
