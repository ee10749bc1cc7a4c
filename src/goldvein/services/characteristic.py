"""The operating characteristic of a project: what its present benchmarks and policy do to whom.

It takes a few seconds, so it is computed when asked for, and kept while nothing that it depends on changes.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from goldvein.decisions.operating import Bench, compute
from goldvein.domain.errors import GoldveinError
from goldvein.domain.policy import Policy
from goldvein.services.views import View, Views
from goldvein.stats.servings import make_servings
from goldvein.store.database import Database


def operating_characteristic(db: Database, project: int, target: float | None = None) -> dict[str, Any]:
    """Compute a project's operating characteristic, ready for JSON.

    Parameters
    ----------
    db : Database
    project : int
    target : float, optional
        Share of mistakes aimed at; what the policy's ``deliver_at`` leaves when not given.

    Raises
    ------
    NotFound
        If the project is no living one.
    Busy
        If another one is being worked out by this process.
    """
    with db.connection() as tx:
        view = Views().one(tx, project)
    return characteristic_of(view, target)


def compare(db: Database, project: int, changes: Mapping[str, float]) -> dict[str, Any]:
    """Compute it under the policy in force, ``now``, and with some knobs changed, ``then``.

    Raises
    ------
    NotFound
        If the project is no living one.
    Busy
        If another one is being worked out by this process.
    """
    with db.connection() as tx:
        view = Views().one(tx, project)
    now = characteristic_of(view)
    if not now.get("computed"):
        return now
    changed = Policy.from_dict({**view.policy.to_dict(), **changes})
    return {"computed": True, "now": now, "then": characteristic_of(replace(view, policy=changed))}


def characteristic_of(view: View, target: float | None = None) -> dict[str, Any]:
    """Compute it from a view; null with a reason while there is nothing to compute it from."""
    if view.model is None or not view.pool:
        return {"computed": False, "reason": "the project has not opened: it has no benchmarks in service"}
    keys = [item.key for item in view.pool]
    tables = [item.table for item in view.pool]
    servings = make_servings(tables, view.exposures.tolist(), keys, shuffled=view.project.classes is None)
    aim = round(1 - view.policy.deliver_at, 6) if target is None else target
    bench = Bench(view.model, servings, view.policy, aim)
    versions = {"policy": view.project.policy_version, "model": view.project.model_version}
    return _kept.get(bench) | {"versions": versions}


class Busy(GoldveinError):
    """Another operating characteristic is being worked out: ask again in a few seconds."""

    status = 503
    code = "overloaded"


class _Kept:
    """The last results, by what they were computed from; one at a time is worked out."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._lock, self._working = Lock(), Lock()
        self._results: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    def get(self, bench: Bench) -> dict[str, Any]:
        """Look up a result, or compute it; the seed follows from what it depends on."""
        name = _fingerprint(bench)
        with self._lock:
            if name in self._results:
                self._results.move_to_end(name)
                return self._results[name]
        if not self._working.acquire(blocking=False):
            raise Busy(retry_after_seconds=5)
        try:
            result = compute(np.random.default_rng(int.from_bytes(name[:8], "big")), bench)
        finally:
            self._working.release()
        with self._lock:
            self._results[name] = result
            while len(self._results) > self._most:
                self._results.popitem(last=False)
        return result


_kept = _Kept()


def _fingerprint(bench: Bench) -> bytes:
    """Hash what the result depends on; servings roughly, since every answer counts one."""
    digest = hashlib.sha256(bench.servings.tables.tobytes())
    spent = bench.servings.exposures >= bench.policy.exposure_cap
    digest.update(spent.tobytes() + bench.servings.keys.tobytes())
    digest.update(round(float(bench.servings.exposures.mean()) / 5).to_bytes(4, "big"))
    knobs = [bench.policy.to_dict(), bench.model.to_dict(), bench.target, bench.servings.shuffled]
    digest.update(json.dumps(knobs, sort_keys=True).encode())
    return digest.digest()
