"""The demonstration at work: a server, a worker, some hundred people over HTTP and a customer who trains."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import numpy as np

from goldvein.bootstrap import running_server
from goldvein.client import GoldveinClient
from goldvein.services import accounts, explaining, keys, projects, verification
from goldvein.sim.apart import apart
from goldvein.sim.background import running_worker
from goldvein.sim.demo.customer import ROUND, Customer
from goldvein.sim.demo.people import Town, demo_crowd
from goldvein.sim.demo.report import confusion, learning, report_of
from goldvein.sim.outcome import read_outcome
from goldvein.sim.population import Knowledge
from goldvein.sim.scratch import scratch_database
from goldvein.sim.texts import INSTRUCTION
from goldvein.sim.work import work
from goldvein.store.database import Database

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from goldvein.domain.records import Role

POLICY: Final = {"hold_seconds": 60, "lease_seconds": 60}
ARRIVE_WITHIN_SECONDS: Final = 20.0
AWAY_SECONDS: Final = 20.0
"""Mean time after which somebody who was dismissed comes back under another name."""
_SHOW_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be shown.

    Attributes
    ----------
    seconds : float
        How long people work.
    people : int
        How many there are at first.
    think : float
        Mean seconds that a task takes.
    seed : int
        Of all texts, people and draws; the order in which answers arrive is the machine's.
    port : int
        Where the pages are; 0 takes a free one.
    """

    seconds: float = 180
    people: int = 300
    think: float = 3.0
    seed: int = 1
    port: int = 0


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the pages are: for each kind of person a link that signs in once."""

    base_url: str
    project: int
    links: dict[Role, str]


@dataclass(frozen=True, slots=True)
class State:
    """What the demonstration shows while it runs."""

    elapsed: float
    opened_after: float | None
    rounds: int
    pushed: int
    answers: int
    labels: int
    right: int
    reward_accuracy: float | None
    details: float | None


def run_demo(
    server: str,
    plan: Plan,
    *,
    ready: Callable[[Pages], None],
    show: Callable[[State], None],
    stop: threading.Event,
) -> dict[str, Any]:
    """Run a whole operation for some time and report on it.

    Parameters
    ----------
    server : str
        Address of a server on which a database of the run's own is made.
    plan : Plan
    ready : callable
        Called once, with the pages, when they can be visited.
    show : callable
        Called now and then with the state.
    stop : threading.Event
        Set to end early.

    Raises
    ------
    OSError
        If the port is taken.
    """
    with (
        scratch_database(server) as url,
        Database(url, pool_size=4) as db,
        apart(running_server, url, port=plan.port, seed=plan.seed) as base_url,
    ):
        now = datetime.now(UTC)
        owner = keys.create_customer(db, "demo", now)
        with GoldveinClient(base_url, keys.issue(db, "customer", owner, "demo", now)) as client:
            project = client.create_project("descriptiveness", INSTRUCTION, policy=POLICY).id
            ready(Pages(base_url, project, _links(db, base_url, project, owner, now)))
            with apart(running_worker, url):  # the pages do not need it yet
                played = _play(db, base_url, client, project, plan, show, stop)
        return _report(db, project, plan, played)


@dataclass(frozen=True, slots=True)
class _Played:
    """Who took part, and for how long."""

    town: Town
    customer: Customer
    began: float
    seconds: float


def _play(
    db: Database,
    base_url: str,
    client: GoldveinClient,
    project: int,
    plan: Plan,
    show: Callable[[State], None],
    stop: threading.Event,
) -> _Played:
    """Let the customer ask and people answer until time is up; then let the customer read to the end."""
    rng, knowledge = np.random.default_rng(plan.seed), Knowledge()
    town = Town(
        db, demo_crowd(rng, plan.people), knowledge, rng,
        think=plan.think, arrive_within=ARRIVE_WITHIN_SECONDS, away=AWAY_SECONDS,
    )  # fmt: skip
    ahead = ROUND // 2 + plan.people
    customer = Customer(client, project, knowledge, rng.spawn(1)[0], stop, ahead=ahead)
    began = time.monotonic()

    def tell() -> None:
        show(_state(began, town, customer))

    with ThreadPoolExecutor(1, "demo-customer") as thread:
        asking = thread.submit(customer.run)
        asking.add_done_callback(lambda _: stop.set())
        try:
            asyncio.run(_work(base_url, project, town, plan.seconds, tell, stop))
        finally:
            stop.set()  # else the customer would go on, and this would wait for it
        asking.result()
    customer.finish()
    return _Played(town, customer, began, time.monotonic() - began)


def _report(db: Database, project: int, plan: Plan, played: _Played) -> dict[str, Any]:
    town, customer = played.town, played.customer
    outcome, checked = read_outcome(db, project), verification.verify(db, project)
    opened = customer.opened_at
    return {
        "seed": plan.seed,
        "seconds": played.seconds,
        "people": plan.people,
        "accounts": len(town.accounts),
        "opened_after_seconds": None if opened is None else opened - played.began,
        "pushed": len(customer.books.truths),
        **report_of(outcome, town.accounts, customer.books.truths),
        "confusion": confusion(outcome, town.accounts, projects.policy(db, project)),
        "learning": learning(outcome, customer.books, customer.exam, plan.seed),
        "verify": "ok" if checked.ok else len(checked.broken),
        "broken": [str(row) for row in checked.broken[:20]],
        "example": _example(db),
    }


def _links(db: Database, base_url: str, project: int, owner: int, now: datetime) -> dict[Role, str]:
    """Make an account of each kind, and a link that leads it to where it begins."""
    places: dict[Role, str] = {
        "admin": f"/operate/{project}?window=15m",
        "customer": f"/projects/{project}",
        "auditor": "/audit",
        "labeler": "/work",
    }
    links: dict[Role, str] = {}
    for role, place in places.items():
        account = accounts.create(
            db, f"demo-{role}", None, role, now, customer=owner if role == "customer" else None
        )
        links[role] = f"{base_url}/enter/{accounts.make_entry(db, account, now)}?next={quote(place)}"
    return links


def _state(began: float, town: Town, customer: Customer) -> State:
    books = customer.books
    return State(
        elapsed=time.monotonic() - began,
        opened_after=None if customer.opened_at is None else customer.opened_at - began,
        rounds=len(books.rounds),
        pushed=len(books.truths),
        answers=sum(person.answered for person in town.people),
        labels=len(books.labels),
        right=books.right,
        reward_accuracy=books.lessons[-1].marks.accuracy if books.lessons else None,
        details=books.rounds[-1].details if books.rounds else None,
    )


async def _work(
    base_url: str, project: int, town: Town, seconds: float, show: Callable[[], None], stop: threading.Event
) -> None:
    """Let people work for so long, or until somebody ends it."""
    over = asyncio.Event()

    async def clock() -> None:
        end = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < end:
            show()
            await asyncio.sleep(_SHOW_SECONDS)
        stop.set()
        over.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(clock())
        group.create_task(
            work(base_url, list(town.people), over, project=project, shortest_wait=1.0, longest_wait=10.0)
        )


def _example(db: Database) -> dict[str, Any] | None:
    """Tell the story of somebody who was dismissed."""
    for kind in ("longest", "random", "first-shown", "shortest"):
        for number in range(1, 20):
            with contextlib.suppress(Exception):  # an example is no reason to lose the report
                story = explaining.explain(db, f"{kind}-{number}").to_dict()
                if story["verdict"] == "dismissed":
                    return story
    return None
