"""What a start without anybody trusted comes to, on crowds whose truth is known: the tables of docs/trust.md.

``python -m perf.bootstrap`` draws crowds; ``--data FOLDER`` adds the recorded crowd ``reading_choice`` of it,
where the truth serves the report and nothing else.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from goldvein.sim.recorded import Crowd, load_crowd
from goldvein.sim.redundant import accuracy_on_clean, world
from goldvein.stats.bootstrap import bootstrap, make_batch, rule_hits
from goldvein.stats.model import make_answer_model
from goldvein.stats.passing import Batch
from goldvein.tasktypes import choice

ANSWERS = make_answer_model()
CROWDS: dict[str, dict[str, Any]] = {
    "all honest": {},
    "20% at random": {"guessers": 0.2},
    "40% at random": {"guessers": 0.4},
    "20% longest": {"longest": 0.2},
    "20% longest, 20% at random": {"longest": 0.2, "guessers": 0.2},
    "40% longest": {"longest": 0.4},
    "60% longest": {"longest": 0.6},
    "80% at random": {"guessers": 0.8},
    "honest, but weak": {"mean": -1.5},
    "clique of 10%": {"clique": 0.1},
    "clique of 20%": {"clique": 0.2},
    "clique of 30%": {"clique": 0.3},
    "clique of 50%": {"clique": 0.5},
    "clique of 60%": {"clique": 0.6},
    "clique of 70%": {"clique": 0.7},
}
_RULES = ("longest", "shortest")


def drawn(seeds: int) -> None:
    """One line for each kind of crowd."""
    print(
        "| crowd | refused | keys | wrong | claimed | ambiguous | trusted | bad among them | their accuracy |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, shares in CROWDS.items():
        count: Counter[str] = Counter()
        claimed, accuracy = 0.0, list[float]()
        for seed in range(seeds):
            crowd = world(seed, **shares)
            found = bootstrap(ANSWERS, crowd.batch)
            if found.refusal is not None:
                count["refused"] += 1
                continue
            clean, honest = found.clean, crowd.honest[: crowd.batch.n_labelers]
            claimed += float((1 - found.answer_probs[clean].max(axis=1)).sum())
            count["keys"] += int(clean.sum())
            count["wrong"] += int((found.best[clean] != crowd.key[clean]).sum())
            count["ambiguous"] += int((crowd.kind[clean] == 2).sum())
            count["trusted"] += int(found.trusted.sum())
            count["bad"] += int((found.trusted & ~honest).sum())
            able = crowd.ability[: len(honest)][found.trusted & honest]
            accuracy += accuracy_on_clean(able).tolist()
        began, keys = seeds - count["refused"], max(1, count["keys"])
        if not began:
            print(f"| {name} | {seeds} of {seeds} | - | - | - | - | - | - | - |")
            continue
        mean = f"{np.mean(accuracy):.3f}" if accuracy else "-"
        print(
            f"| {name} | {count['refused']} of {seeds} | {count['keys'] / began:.1f} "
            f"| {count['wrong'] / keys:.2%} | {claimed / keys:.2%} | {count['ambiguous'] / keys:.1%} "
            f"| {count['trusted'] / began:.1f} | {count['bad']} | {mean} |",
            flush=True,
        )


def recorded(folder: Path) -> None:
    """``reading_choice``: parts of its tenfold tasks as first batches."""
    crowd = load_crowd(folder / "answers.csv", folder / "tasks.jsonl")
    tenfold = np.flatnonzero(np.bincount([answer.task for answer in crowd.answers]) >= 10)
    hits: dict[int, list[bool]] = {}
    for answer in crowd.answers:
        hits.setdefault(answer.labeler, []).append(answer.choice == crowd.tasks[answer.task].truth)
    accuracy = {labeler: float(np.mean(own)) for labeler, own in hits.items()}
    print("| first batch | refused | keys | differ | claimed | trusted | their accuracy | everybody's |")
    print("|---|---|---|---|---|---|---|---|")
    for tasks, each, seeds in ((100, 8, 10), (200, 8, 10), (300, 8, 10), (300, 10, 5), (len(tenfold), 10, 1)):
        _one(crowd, tenfold, accuracy, tasks, each, seeds)


def _one(
    crowd: Crowd, tenfold: np.ndarray, accuracy: dict[int, float], tasks: int, each: int, seeds: int
) -> None:
    count: Counter[str] = Counter()
    claimed, able, everybody = 0.0, list[float](), list[float]()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        names = rng.choice(tenfold, tasks, replace=False)
        batch, people = _batch(crowd, names.tolist(), each, rng)
        found = bootstrap(ANSWERS, batch)
        everybody += [accuracy[one] for one in people]
        if found.refusal is not None:
            count["refused"] += 1
            continue
        truth = np.array([crowd.tasks[name].truth for name in names])
        clean = found.clean
        count["keys"] += int(clean.sum())
        count["wrong"] += int((found.best[clean] != truth[clean]).sum())
        count["trusted"] += int(found.trusted.sum())
        claimed += float((1 - found.answer_probs[clean].max(axis=1)).sum())
        able += [accuracy[people[place]] for place in np.flatnonzero(found.trusted)]
    keys, began = max(1, count["keys"]), max(1, seeds - count["refused"])
    mean = f"{np.mean(able):.3f}" if able else "-"
    print(
        f"| {tasks} x {each} | {count['refused']} of {seeds} | {count['keys'] / began:.0f} "
        f"| {count['wrong'] / keys:.2%} | {claimed / keys:.2%} | {count['trusted'] / began:.1f} "
        f"| {mean} | {np.mean(everybody):.3f} |",
        flush=True,
    )


def _batch(crowd: Crowd, names: list[int], each: int, rng: np.random.Generator) -> tuple[Batch, list[int]]:
    """Some answers to each of these tasks, and who gave them; options were shown as they stand."""
    place = {name: at for at, name in enumerate(names)}
    rows = [answer for answer in crowd.answers if answer.task in place]
    given: Counter[int] = Counter()
    kept = []
    for at in rng.permutation(len(rows)):
        given[rows[at].task] += 1
        if given[rows[at].task] <= each:
            kept.append(rows[at])
    people = sorted({answer.labeler for answer in kept})
    counts = [len(crowd.tasks[name].options) for name in names]
    chosen = [counts[place[a.task]] if a.choice < 0 else a.choice for a in kept]
    picks = [choice.rule_choices(crowd.tasks[name].input, crowd.classes, _RULES) for name in names]
    hits = {
        rule: np.array(
            [
                rule_hits(said, counts[place[a.task]], list(picks[place[a.task]].get(rule, ())))
                for a, said in zip(kept, chosen, strict=True)
            ]
        )
        for rule in _RULES
    }
    hits["first"] = np.array([float(said == 0) for said in chosen])
    hits["last"] = np.array(
        [float(s == counts[place[a.task]] - 1) for a, s in zip(kept, chosen, strict=True)]
    )
    labelers = np.searchsorted(people, [answer.labeler for answer in kept])
    tasks = np.array([place[answer.task] for answer in kept])
    return make_batch(labelers, tasks, np.array(chosen), np.array(counts), hits), people


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--data", type=Path, help="a folder that holds reading_choice/")
    asked = parser.parse_args()
    drawn(asked.seeds)
    if asked.data is not None:
        print()
        recorded(asked.data / "reading_choice")


if __name__ == "__main__":
    main()
