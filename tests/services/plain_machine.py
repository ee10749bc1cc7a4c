"""A town's life that another process leads too, on the plainest processor that numpy and its BLAS can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from goldvein.services import reestimation
from goldvein.services.keeping import keep
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.town import Town, guesses, knows

ROOT = Path(__file__).parents[2]


def live(db: Database) -> None:
    """People who know and people who guess, benchmarks that are alike and looked at, then a new model."""
    town = Town(db, {"rate_ceiling": 0.9, "rate_floor": 0.5, "max_held": 100})
    town.open_by_hand(60)
    town.push(1_000)
    for n in range(18):
        town.hire(f"good {n}", knows(0.92))
    for n in range(6):
        town.hire(f"bad {n}", guesses)
    for _ in range(40):
        town.round()
        with db.connection() as tx:
            view = Views().refresh(tx)[town.project.id]
        keep(db, Views(), view, town.now)
    assert reestimation.estimate(db, town.project.id, town.now).model_version == 2
    town.run(2)


def live_on_a_plain_machine(url: str) -> None:
    """Lead that life in a process whose sums end in other last bits, as on older or other processors."""
    extensions = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    plain = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": " ".join(extensions)}
    command = [sys.executable, "-m", "tests.services.plain_machine", url]
    subprocess.run(command, cwd=ROOT, env=os.environ | plain, check=True, timeout=300)


if __name__ == "__main__":
    with Database(sys.argv[1]) as database:
        live(database)
