"""Clickers: who answers without reading gets no labels through, and who reads is not dismissed.

    python -m perf.clickers DATA_DIR [--seeds 20] [--tasks 1000] [--json FILE]

A subset of the continuations on which the longest option is right on 85% (all where it is, and enough
others), ten honest people at 85% (five of them the panel) and five clickers (two at random, one always the
first shown, two the longest), live over HTTP, until every task has its label or nobody gets work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.bootstrap import running_server
from goldvein.cli.logs import set_up_logs
from goldvein.client import GoldveinClient
from goldvein.services import keys, verification
from goldvein.settings import read_settings
from goldvein.sim.background import running_worker
from goldvein.sim.demo.people import make_people
from goldvein.sim.demo.report import report_of
from goldvein.sim.labelers import FirstShown, Honest, Longest, Random
from goldvein.sim.live import POLL_SECONDS
from goldvein.sim.outcome import read_outcome
from goldvein.sim.population import Knowledge, KnownTask, Person
from goldvein.sim.scratch import scratch_database, server_url
from goldvein.sim.work import all_idle, watch, work
from goldvein.store.database import Database

Item = dict[str, Any]
CROWD = [
    *(Person(f"honest-{n}", "trusted" if n <= 5 else "labeler", Honest(0.85)) for n in range(1, 11)),
    Person("random-1", "labeler", Random()),
    Person("random-2", "labeler", Random()),
    Person("first-1", "labeler", FirstShown()),
    Person("longest-1", "labeler", Longest()),
    Person("longest-2", "labeler", Longest()),
]
CLICKERS = {person.name for person in CROWD if not person.behaviour.is_good(0)}
POLICY = {"hold_seconds": 3, "lease_seconds": 60}


def longest_right(task: Item) -> bool:
    lengths = [len(option) for option in task["input"]["options"]]
    return lengths.count(max(lengths)) == 1 and lengths.index(max(lengths)) == task["truth"]


def subset(path: Path, rng: np.random.Generator) -> list[Item]:
    """All tasks on which the longest is right, and others until it is right on 85%."""
    with path.open(encoding="utf-8") as lines:
        tasks = [json.loads(line) for line in lines]
    tasks = [task for task in tasks if len(set(task["input"]["options"])) == len(task["input"]["options"])]
    right = [task for task in tasks if longest_right(task)]
    others = [task for task in tasks if not longest_right(task)]
    picked = rng.choice(len(others), size=round(len(right) * 0.15 / 0.85), replace=False)
    mixed = right + [others[int(place)] for place in picked]
    return [mixed[int(place)] for place in rng.permutation(len(mixed))]


def run_one(server: str, data: Path, seed: int, count: int | None) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    tasks = subset(data / "continuations" / "tasks.jsonl", rng)[:count]
    knowledge = Knowledge()
    for task in tasks:
        knowledge.add(task["input"], KnownTask(tuple(task["input"]["options"]), task["truth"]))
    with (
        scratch_database(server) as url,
        Database(url, pool_size=4) as db,
        running_server(url, seed=seed) as base_url,
        running_worker(url),
    ):
        now = datetime.now(UTC)
        customer = keys.issue(db, "customer", keys.create_customer(db, "clickers", now), "clickers", now)
        people = make_people(db, CROWD, knowledge, rng, think=0)
        with GoldveinClient(base_url, customer) as client:
            project = client.create_project("continuations", "Which goes on best?", policy=POLICY).id
            items = [{"input": task["input"], "unique_id": task["task"]} for task in tasks]
            client.push(project, items, batch="all")

            async def run() -> None:
                stop = asyncio.Event()

                async def is_over() -> bool:
                    batch = await asyncio.to_thread(client.batch, project, "all")
                    return batch.queued == 0 or all_idle(people, POLICY["hold_seconds"] + 1.5)

                async with asyncio.TaskGroup() as group:
                    group.create_task(watch(POLL_SECONDS, stop, is_over))
                    group.create_task(work(base_url, people, stop, project=project))

            asyncio.run(run())
        outcome = read_outcome(db, project)
        checked = verification.verify(db, project)
    truths = {task["task"]: task["truth"] for task in tasks}
    report = report_of(outcome, CROWD, truths)
    names = {line.labeler: line.name for line in outcome.standings.values()}
    delivered = dict.fromkeys(sorted(CLICKERS), 0)
    for label in outcome.current_labels:
        name = names.get(label.labeler or 0)
        if name in delivered:
            delivered[name] += 1
    return {
        "seed": seed,
        "tasks": len(tasks),
        "delivered": report["delivered"],
        "accuracy_answers": report["accuracy_answers"],
        "accuracy_delivered": report["accuracy_delivered"],
        "clicker_labels": delivered,
        "clickers_dismissed": sum(
            line.state == "dismissed" for line in outcome.standings.values() if line.name in CLICKERS
        ),
        "honest_dismissed": sum(
            line.state == "dismissed" for line in outcome.standings.values() if line.name not in CLICKERS
        ),
        "verify": "ok" if checked.ok else len(checked.broken),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder that holds continuations")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", type=int, help="at most so many tasks; all without it")
    parser.add_argument("--json", dest="json_path", help="file of the report; - for standard output")
    options = parser.parse_args()
    set_up_logs("warning")
    runs = []
    with server_url(read_settings()) as server:
        for seed in range(1, options.seeds + 1):
            began = time.perf_counter()
            runs.append(run_one(server, options.data, seed, options.tasks))
            run = runs[-1]
            print(
                f"seed {seed}: {run['delivered']} of {run['tasks']} labels, "
                f"clickers {run['clicker_labels']}, honest dismissed {run['honest_dismissed']}, "
                f"verify {run['verify']}, "
                f"{time.perf_counter() - began:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    labels = [count for run in runs for count in run["clicker_labels"].values()]
    report: Item = {
        "clickers": len(labels),
        "clickers_over_1": sum(count > 1 for count in labels),
        "clickers_over_5": sum(count > 5 for count in labels),
        "most_labels_of_a_clicker": max(labels),
        "honest": 10 * len(runs),
        "honest_dismissed": sum(run["honest_dismissed"] for run in runs),
        "accuracy_answers": float(np.mean([run["accuracy_answers"] for run in runs])),
        "accuracy_delivered": float(np.mean([run["accuracy_delivered"] for run in runs])),
        "verify": "ok" if all(run["verify"] == "ok" for run in runs) else "broken",
        "runs": runs,
    }
    if options.json_path and options.json_path != "-":
        Path(options.json_path).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if options.json_path == "-":
        print(json.dumps(report, indent=2))
        return
    print(
        f"{report['clickers_over_1']} of {report['clickers']} clickers got more than one label through, "
        f"{report['clickers_over_5']} more than five; "
        f"{report['honest_dismissed']} of {report['honest']} honest people were dismissed; "
        f"verify {report['verify']}"
    )


if __name__ == "__main__":
    main()
