"""A small operation that is watched by its own labelers: a customer, a crowd, and everything they receive."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.client import ApiError, GoldveinClient, Unreachable
from goldvein.services import cards, keys, reestimation, verification
from goldvein.services.leases import LeaseTokens
from goldvein.sim.attack.recording import Spy, sleep, spy
from goldvein.sim.population import Knowledge, Person, answering, mixed_crowd
from goldvein.sim.processes import free_port, start_command, stopped_in_the_end, wait_until_served
from goldvein.sim.scratch import scratch_database
from goldvein.sim.texts import INSTRUCTION, texts
from goldvein.store import facts, projects
from goldvein.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from goldvein.sim.attack.recording import Sighting
    from goldvein.store.facts import KeyFact, ServingFact

ROUND = 600
AHEAD = 400
"""Tasks that wait at least, so that nobody is idle."""
MINING_TOO = 1.1
"""Servings to the crowd for each that is a benchmark or an ordinary task."""
CARD_DAY = 40
"""Tasks of each labeler after which cards are refreshed: a day far shorter than any real one."""
POLICY: Mapping[str, float] = {"hold_seconds": 60, "lease_seconds": 12}
"""People answer in tenths of a second: a minute of theirs is a second here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: how much is watched, and by whom.

    Attributes
    ----------
    items : int
        Servings to the crowd that are attacked.
    warm : float
        As many of them, as a share, that go before: a project's opening, when everybody is new at once.
    people, trusted : int
        Labelers in all, and those of them on the panel.
    think : float
        Mean seconds between a task shown and its answer.
    nights : tuple of float
        Shares of the items after which the project's log is learned from: as it grows, and at night.
    newcomers : float
        Share of the crowd that comes after the opening, one by one until ``last_comes`` of all items.
    minutes : float
        Time after which the run ends in any case.
    """

    items: int = 20_000
    warm: float = 0.2
    people: int = 24
    trusted: int = 4
    think: float = 0.2
    seed: int = 1
    nights: tuple[float, ...] = (0.03, 0.06, 0.12, 0.25, 0.5)
    newcomers: float = 0.25
    last_comes: float = 0.6
    minutes: float = 15.0
    policy: Mapping[str, float] = field(default_factory=dict)

    @property
    def opening(self) -> int:
        """Items before those that are attacked."""
        return round(self.warm * self.items)

    @property
    def total(self) -> int:
        """Items after which the run ends: some of the crowd earn trust and mine, which is not attacked."""
        return self.opening + round(MINING_TOO * self.items)


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting beside what the database knows of it."""

    sighting: Sighting
    serving: ServingFact

    @property
    def is_benchmark(self) -> bool:
        """Whether this was a benchmark; decoys are ordinary tasks."""
        return self.serving.stage == "benchmark"


@dataclass(frozen=True, slots=True)
class CardsRead:
    """What the cards said right after a refresh: the level by labeler; ``at`` as ``came_at`` counts."""

    at: float
    levels: Mapping[int, str | None]


@dataclass(frozen=True, slots=True)
class Recording:
    """All that came of a run.

    Attributes
    ----------
    seen : sequence of Seen
        Benchmarks, ordinary tasks and decoys, in the order shown; panel and practice are left out.
    opening : sequence of Seen
        Those before: the project's first days.
    servings : sequence of ServingFact
        Everything handed out, the panel's work too.
    inputs : mapping of int
        Content by task.
    keys : sequence of KeyFact
        Benchmarks and candidates.
    opened_at : datetime or None
    cards : sequence of CardsRead
        One for each "day".
    twice : list
        Labelers who were handed equal content twice: none.
    """

    plan: Plan
    seen: Sequence[Seen]
    opening: Sequence[Seen]
    servings: Sequence[ServingFact]
    inputs: Mapping[int, Mapping[str, Any]]
    keys: Sequence[KeyFact]
    policy: Mapping[str, float]
    opened_at: datetime | None
    began_at: datetime
    twice: Sequence[tuple[int, int, int]]
    empty: Mapping[str, int]
    verified: bool
    models: int
    cards: Sequence[CardsRead] = ()


def record(
    server: str,
    plan: Plan,
    show: Callable[[int, int], None] = lambda _done, _all: None,
    serving: Callable[[str], contextlib.AbstractContextManager[str]] | None = None,
) -> Recording:
    """Run an operation until enough was served, and read what its database knows.

    Parameters
    ----------
    server : str
        Address of a server on which a database of the run's own is made.
    plan : Plan
    show : callable
        Told now and then how many items were served, of how many.
    serving : callable, optional
        Serves a database and gives the base URL; processes of their own unless told otherwise.

    Raises
    ------
    RuntimeError
        If the crowd was served nothing in all the plan's minutes; it says how far the project came.
    """
    with scratch_database(server) as url, Database(url, pool_size=4) as db, (serving or processes)(url) as at:
        return _Run(db, at, plan, show).run()


class _Run:
    """One run on its way."""

    def __init__(self, db: Database, base_url: str, plan: Plan, show: Callable[[int, int], None]) -> None:
        self._db, self._base_url, self._plan, self._show = db, base_url, plan, show
        self._rng = np.random.default_rng(plan.seed)
        self._knowledge = Knowledge()
        self._stop = threading.Event()
        self._pushed = 0
        self._models = 0
        self._labelers: list[int] = []
        self._cards: list[CardsRead] = []
        self._opened_up = float("inf")
        self._failure: BaseException | None = None

    def run(self) -> Recording:
        began, now = datetime.now(UTC), datetime.now(UTC)
        customer = keys.issue(self._db, "customer", keys.create_customer(self._db, "lab", now), "", now)
        with GoldveinClient(self._base_url, customer) as client:
            policy = {**POLICY, **self._plan.policy}
            project = client.create_project("descriptiveness", INSTRUCTION, policy=policy).id
            people = self._people()
            thread = threading.Thread(
                target=self._keep, args=(self._push, client, project, people), daemon=True
            )
            night = threading.Thread(target=self._keep, args=(self._learn, project, people), daemon=True)
            days = threading.Thread(target=self._keep, args=(self._refresh_cards, people, began), daemon=True)
            for one in (thread, night, days):
                one.start()
            try:
                asyncio.run(self._watch(project, people))
            finally:
                self._stop.set()
                for one in (thread, night, days):
                    one.join()
        if self._failure is not None:
            raise self._failure
        return self._read(project, people, began)

    def _keep(self, work: Callable[..., None], *arguments: Any) -> None:
        """Run in a thread, and keep what ends it."""
        try:
            work(*arguments)
        except (Unreachable, ApiError) as error:
            if not self._stop.is_set():
                self._failure = error
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self._failure = error
        if self._failure is not None:
            self._stop.set()

    def _people(self) -> list[Spy]:
        now, plan = datetime.now(UTC), self._plan
        crowd = mixed_crowd(self._rng, plan.people, plan.trusted)
        ids = keys.create_labelers(self._db, [(one.name, one.role) for one in crowd], now)
        self._labelers = ids
        issued = keys.issue_many(
            self._db, [(one.role, labeler, one.name) for one, labeler in zip(crowd, ids, strict=True)], now
        )
        minds = self._rng.spawn(len(crowd))
        return [
            Spy(
                place,
                key.token,
                answering(person, self._knowledge, mind),
                _thinking(person, mind, plan.think),
                mind,
            )
            for place, (person, key, mind) in enumerate(zip(crowd, issued, minds, strict=True))
        ]

    def _push(self, client: GoldveinClient, project: int, people: Sequence[Spy]) -> None:
        """Push the next round before the last is worked off."""
        rng = np.random.default_rng(self._plan.seed + 1)
        source = texts(10**9, rng)
        while not self._stop.is_set():
            if self._pushed - sum(len(one.sightings) for one in people) < AHEAD + ROUND // 2:
                items = []
                for number in range(ROUND):
                    text = next(source)
                    self._knowledge.add_text(text)
                    items.append({"input": text.input(), "unique_id": f"{self._pushed + number}"})
                client.push(project, items, batch=f"round-{self._pushed // ROUND}")
                self._pushed += ROUND
            self._stop.wait(0.05)

    def _learn(self, project: int, people: Sequence[Spy]) -> None:
        """Learn from the log when a night's worth of items was served."""
        for share in self._plan.nights:
            while not self._stop.is_set() and _served(people, self._plan.trusted) < share * self._plan.total:
                self._stop.wait(0.2)
            if not self._stop.is_set():
                found = reestimation.estimate(self._db, project, datetime.now(UTC))
                self._models += found.model_version is not None

    def _refresh_cards(self, people: Sequence[Spy], began: datetime) -> None:
        """Let days pass by the tasks that were served, and have every labeler look at the card on each."""
        day = 0
        while not self._stop.is_set():
            if _served(people, self._plan.trusted) < (day + 1) * CARD_DAY * (
                len(people) - self._plan.trusted
            ):
                self._stop.wait(0.2)
                continue
            day += 1
            now = began + timedelta(days=day)
            cards.refresh(self._db, now)
            levels = {}
            for place, labeler in enumerate(self._labelers):
                lines = cards.read(self._db, labeler, now).projects
                levels[place] = ("out" if lines[0].is_out else lines[0].level) if lines else None
            self._cards.append(CardsRead(time.perf_counter(), levels))

    async def _watch(self, project: int, people: Sequence[Spy]) -> None:
        stop, plan = asyncio.Event(), self._plan
        deadline = time.monotonic() + 60 * plan.minutes

        async def clock() -> None:
            while (
                _served(people, plan.trusted) < plan.total
                and not self._stop.is_set()
                and time.monotonic() < deadline
            ):
                served = _served(people, plan.trusted)
                if served >= plan.opening:
                    self._opened_up = min(self._opened_up, time.perf_counter())
                self._show(min(served, plan.total), plan.total)
                await sleep(0.25, stop)
            stop.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(clock())
            for person, comes_at in zip(people, self._arrivals(), strict=True):
                group.create_task(self._from(comes_at, people, stop, person, project))

    def _arrivals(self) -> list[float]:
        """Items served when each comes: the panel and a part of the crowd at once, the others in turn."""
        plan = self._plan
        crowd = plan.people - plan.trusted
        late = round(plan.newcomers * crowd)
        comes = np.linspace(plan.opening, plan.last_comes * plan.total, late + 1)[1:]
        return [0.0] * (plan.people - late) + [float(one) for one in comes]

    async def _from(
        self, comes_at: float, people: Sequence[Spy], stop: asyncio.Event, person: Spy, project: int
    ) -> None:
        """Let somebody work from when so many items were served."""
        while _served(people, self._plan.trusted) < comes_at and not stop.is_set():
            await sleep(0.2, stop)
        await spy(self._base_url, person, stop, project)

    def _read(self, project: int, people: Sequence[Spy], began: datetime) -> Recording:
        with self._db.snapshot() as tx:
            tokens = LeaseTokens(projects.lease_key(tx))
            servings = facts.servings(tx, project)
            by_attempt = {serving.attempt: serving for serving in servings}
            found = projects.find(tx, project)
            assert found is not None
            seen = [
                Seen(one, by_attempt[tokens.open(one.lease)[1]])
                for person in people
                for one in person.sightings
            ]
            inputs, every, twice = facts.inputs(tx, project), facts.keys(tx, project), facts.seen_twice(tx)
        shown = sorted(
            (one for one in seen if one.serving.stage in {"label", "benchmark", "decoy"}),
            key=lambda one: one.sighting.given.came_at,
        )
        empty: dict[str, int] = {}
        for person in people:
            for reason, times in person.empty.items():
                empty[reason] = empty.get(reason, 0) + times
        if not shown:
            stages = dict(Counter(serving.stage for serving in servings))
            raise RuntimeError(
                f"the crowd was served nothing in {self._plan.minutes:g} minutes: opened {found.opened_at}, "
                f"{self._pushed} tasks pushed, {len(every)} benchmarks and candidates, served: {stages}, "
                f"nothing to do because: {empty}"
            )
        return Recording(
            plan=self._plan,
            seen=[one for one in shown if one.sighting.given.came_at >= self._opened_up][: self._plan.items],
            opening=[one for one in shown if one.sighting.given.came_at < self._opened_up],
            servings=servings,
            inputs=inputs,
            keys=every,
            policy={**POLICY, **self._plan.policy},
            opened_at=found.opened_at,
            began_at=began,
            twice=twice,
            empty=empty,
            verified=verification.verify(self._db, project).ok,
            models=self._models,
            cards=self._cards,
        )


def _served(people: Sequence[Spy], trusted: int) -> int:
    """Items served so far to those who are not on the panel from the start."""
    return sum(len(person.sightings) for person in people[trusted:])


def _thinking(person: Person, rng: np.random.Generator, mean: float) -> Callable[[], float]:
    """Log-normal times; who does not read is quicker."""
    pace = mean * float(rng.lognormal(0, 0.2)) * (1.0 if person.behaviour.is_good(0) else 0.5)
    return lambda: pace * float(rng.lognormal(-0.125, 0.5))


@contextlib.contextmanager
def processes(url: str) -> Iterator[str]:
    """Serve and work in processes of their own, so that times at the client are the service's alone."""
    port = free_port()
    settings = {
        "GOLDVEIN_DATABASE_URL": url,
        "GOLDVEIN_PORT": str(port),
        "GOLDVEIN_LOG_LEVEL": "error",
        "GOLDVEIN_SHUTDOWN_SECONDS": "3",
    }
    serve, work = start_command("serve", **settings), start_command("work", **settings)
    with stopped_in_the_end(serve, work):
        wait_until_served(port, serve)
        yield f"http://127.0.0.1:{port}"
