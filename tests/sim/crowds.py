"""Small recorded crowds made on the spot: people of known accuracy, tasks of four classes."""

from pathlib import Path

import numpy as np

CLASSES = ("bird", "boat", "cat", "dog")


def write_crowd(
    folder: Path,
    accuracies: list[float],
    *,
    tasks: int = 120,
    share: float = 1.0,
    seed: int = 3,
    clock: bool = False,
) -> Path:
    """Write a crowd in which person ``p0``, ``p1``, ... is right with the given chance."""
    rng = np.random.default_rng(seed)
    truths = rng.integers(4, size=tasks)
    rows = ["task,labeler,answer,truth,seconds" + (",started_at" if clock else "")]
    for place, accuracy in enumerate(accuracies):
        for task in range(tasks):
            if rng.random() >= share:
                continue
            right = rng.random() < accuracy
            answer = truths[task] if right else (truths[task] + rng.integers(1, 4)) % 4
            time = f",{rng.uniform(0, 36_000):.1f}" if clock else ""
            rows.append(
                f"t{task},p{place},{CLASSES[answer]},{CLASSES[truths[task]]},{1 + rng.random():.2f}{time}"
            )
    path = folder / "crowd.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
