"""Replay: a recorded crowd through the system, in a database of its own, with a report at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from goldvein.bootstrap import running_server
from goldvein.services import projects, verification
from goldvein.sim.as_recorded import replay_as_recorded
from goldvein.sim.live import replay_live
from goldvein.sim.outcome import read_outcome
from goldvein.sim.report import replay_report
from goldvein.sim.scratch import scratch_database
from goldvein.store.database import Database

if TYPE_CHECKING:
    from goldvein.sim.plan import Plan, Progress

_OF_THE_RUN = ("rows", "left_over", "why_empty", "reasons", "refused_tasks")


def replay(server: str, plan: Plan, progress: Progress) -> dict[str, Any]:
    """Replay a crowd and report on it.

    Parameters
    ----------
    server : str
        Address of a server on which a database of the run's own is made, and dropped in the end.
    plan : Plan
    progress : callable

    Returns
    -------
    dict
        The report, ready for JSON.
    """
    began = time.perf_counter()
    with scratch_database(server) as url, Database(url, pool_size=4) as db:
        if plan.mode == "live":
            with running_server(url, seed=plan.seed) as base_url:
                run = replay_live(db, base_url, plan, progress)
        else:
            run = replay_as_recorded(db, plan, progress)
        outcome = read_outcome(db, run["project"])
        checked = verification.verify(db, run["project"])
        policy = projects.policy(db, run["project"]).to_dict()
    report = replay_report(plan.crowd, outcome, run["places"], run["trusted"])
    labelers = report.pop("labelers")
    crowd = plan.crowd
    return {
        "crowd": crowd.name,
        "mode": plan.mode,
        "seed": plan.seed,
        "trusted": [crowd.labelers[place] for place in run["trusted"]],
        **report,
        **{key: run[key] for key in _OF_THE_RUN if key in run},
        "verify": "ok" if checked.ok else len(checked.broken),
        "broken": [str(row) for row in checked.broken[:20]],
        "policy": policy,
        "seconds": time.perf_counter() - began,
        "labelers": labelers,
    }
