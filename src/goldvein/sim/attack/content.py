"""What the words alone tell: mined benchmarks against ordinary tasks, all of them, and those as easy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.attack.telling import tell
from goldvein.tasktypes.choice import rule_choices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.attack.operation import Recording
    from goldvein.stats.arrays import Array, BoolArray, IntArray

EACH = 4
"""Ordinary tasks beside each benchmark in the matched sample."""
LEAST_DROPPED = 15
_WORDS, _TOPICS = 4_000, 40


def attack_content(recording: Recording, seed: int = 0) -> dict[str, Any]:
    """Tell benchmarks from ordinary tasks by their words, with and without what ease explains.

    Each task counts once. Ease is predicted from the words by a model of which candidates were promoted and
    which were dropped; of benchmarks and dropped candidates by models that did not see them. Whoever is shown
    a benchmark is shown something that trusted people agreed on: that it is clear cannot be hidden, so the
    matched sample holds ordinary tasks that are as clear.
    """
    served = {one.serving.task: one.is_benchmark for one in recording.seen}
    tasks = np.array(sorted(served))
    if not len(tasks):
        return {"unmatched": None, "matched": None, "why": "nothing was served"}
    is_benchmark = np.array([served[task] for task in tasks.tolist()])
    columns = words([recording.inputs[task] for task in tasks.tolist()], seed)
    report: dict[str, Any] = {"tasks": len(tasks), "benchmarks": int(is_benchmark.sum())}
    unmatched = tell(columns, is_benchmark, np.arange(len(tasks)), seed)
    report["unmatched"] = unmatched.to_dict() if unmatched else None
    dropped = [key.task for key in recording.keys if key.key is None and key.state == "retired"]
    report["dropped"] = len(dropped)
    promoted = is_benchmark.sum()
    if len(dropped) < LEAST_DROPPED or promoted < LEAST_DROPPED:
        return {
            **report,
            "matched": None,
            "why": f"{len(dropped)} candidates were dropped: too few to learn ease",
        }
    ease, heard = _ease(recording, tasks, is_benchmark, dropped, seed)
    rows = matched(ease, is_benchmark)
    told = tell(columns[rows], is_benchmark[rows], np.arange(len(rows)), seed)
    gap = float(ease[rows][is_benchmark[rows]].mean() - ease[rows][~is_benchmark[rows]].mean())
    return {**report, "matched": told.to_dict() if told else None, "ease_auc": heard, "ease_gap": gap}


def words(inputs: Sequence[Mapping[str, Any]], seed: int = 0) -> Array:
    """(n, m) columns: topics of the words and letters, lengths, and which rules pick the same option.

    Options stand in no order: they are shown shuffled.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [_text(one) for one in inputs]
    parts = [_shape(inputs)]
    for kind in ({"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4)}):
        counted = TfidfVectorizer(min_df=5, max_features=_WORDS, sublinear_tf=True, **kind).fit_transform(
            texts
        )
        topics = min(_TOPICS, counted.shape[1] - 1)
        if topics > 0:
            parts.append(TruncatedSVD(topics, random_state=seed).fit_transform(counted))
    return np.column_stack(parts)


def matched(ease: Array, is_benchmark: BoolArray, each: int = EACH) -> IntArray:
    """Rows of all benchmarks and, for each, of the ordinary tasks nearest in ease that are not yet taken.

    Benchmarks choose in turn, so that where ordinary tasks are rare everybody gets some.
    """
    ordinary = np.flatnonzero(~is_benchmark)
    ordinary = ordinary[np.argsort(ease[ordinary], kind="stable")]
    benchmarks = np.flatnonzero(is_benchmark)
    each = max(1, min(each, len(ordinary) // max(1, 2 * len(benchmarks))))
    free = np.ones(len(ordinary), dtype=bool)
    taken: list[int] = []
    for _ in range(each):
        for row in benchmarks.tolist():
            left = np.flatnonzero(free)
            if not len(left):
                break
            place = left[np.argmin(np.abs(ease[ordinary[left]] - ease[row]))]
            free[place] = False
            taken.append(int(ordinary[place]))
    return np.concatenate([benchmarks, np.array(taken, dtype=np.int64)])


def _ease(
    recording: Recording,
    tasks: IntArray,
    is_benchmark: BoolArray,
    dropped: Sequence[int],
    seed: int,
) -> tuple[Array, float]:
    """Predicted ease of every served task (log odds of being promoted), and how well it predicts."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    others = sorted(set(dropped) - set(tasks[is_benchmark].tolist()))
    both = words([recording.inputs[task] for task in [*tasks.tolist(), *others]], seed)
    mine, rest = both[: len(tasks)], both[len(tasks) :]
    features = np.concatenate([mine[is_benchmark], rest])
    is_promoted = np.arange(len(features)) < is_benchmark.sum()
    ease, unseen = np.zeros(len(tasks)), np.zeros(len(features))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    for train, test in folds.split(features, is_promoted):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.03, max_iter=500))
        model.fit(features[train], is_promoted[train])
        unseen[test] = model.decision_function(features[test])
        ease[~is_benchmark] += model.decision_function(mine[~is_benchmark]) / 5
    ease[is_benchmark] = unseen[is_promoted]
    return ease, float(roc_auc_score(is_promoted, unseen))


def _text(content: Mapping[str, Any]) -> str:
    """All words of a task, options in no order."""
    rest = {key: value for key, value in content.items() if key != "options"}
    return " \n ".join([json.dumps(rest, ensure_ascii=False), *sorted(content.get("options", []))])


def _shape(inputs: Sequence[Mapping[str, Any]]) -> Array:
    """Lengths of the whole and of the options by rank, and which rules agree."""
    most = max((len(one.get("options", [])) for one in inputs), default=0)
    rows = []
    for one in inputs:
        options = one.get("options", [])
        lengths = sorted((len(option) for option in options), reverse=True)
        counts = sorted((len(option.split()) for option in options), reverse=True)
        lengths += [0] * (most - len(lengths))
        counts += [0] * (most - len(counts))
        commas = [option.count(",") for option in options] or [0]
        rows.append(
            [len(_text(one)), *lengths, *counts, *np.diff(lengths), max(commas), sum(commas), *_agreeing(one)]
        )
    return np.array(rows, dtype=float)


def _agreeing(content: Mapping[str, Any]) -> list[bool]:
    """Which two rules pick a common option: of n rules, each pair."""
    if not content.get("options"):
        return []
    picks = [set(picked) for _, picked in sorted(rule_choices(content, None).items())]
    return [bool(one & other) for place, one in enumerate(picks) for other in picks[place + 1 :]]
