"""Figures of merit of a run, each with an interval: over seeds, or over labelers where there is one seed.

Every figure is a ratio of two sums over labelers, so that it can be pooled over seeds and its interval can be
had from the labelers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.contest import player
from goldvein.sim.contest.floors import verdict_floor
from goldvein.sim.contest.ratios import Ratio, interval, pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from goldvein.sim.contest.player import Record
    from goldvein.stats.arrays import Array, BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is kept of a run: the figures' sums, and what the picture needs.

    Attributes
    ----------
    ratios : mapping of str to Ratio
    of_kinds : mapping of kind to mapping of str to Ratio
    delays : (n_turned,) int
        Answers from the change to the last label delivered, of every sleeper that turned.
    delivered : (N,) float
        Labels delivered of each labeler, as a share of the run's steps.
    always_good, always_bad : (N,) bool
        Labelers who were one thing as long as they worked.
    """

    ratios: Mapping[str, Ratio]
    of_kinds: Mapping[str, Mapping[str, Ratio]]
    delays: Array
    delivered: Array
    always_good: BoolArray
    always_bad: BoolArray


def measure(record: Record) -> Measured:
    """Sums behind every figure of one run.

    Definitions. A labeler is *good* in a step while its mean accuracy on the benchmarks is at or over the bar
    and it follows no shortcut. A withdrawn label counts as delivered, except in the figures that end in
    ``_kept``.

    - ``false_rejection``: labelers good at the answer that ended in their dismissal, of the labelers who were
      good for all or a part of their work.
    - ``false_acceptance``: labelers still delivering at the end, of those who were bad at their last answer
      (dismissed or not).
    - ``bad_share``: of delivered labels, those given by a labeler while bad.
    - ``accuracy_delivered``: of delivered labels, those that are right.
    - ``benchmark_share``: of all answers, those to benchmarks.
    - ``held_honest``: of the ordinary answers of labelers while good, those neither delivered nor released.
    - ``sleeper_delay``: mean answers from the change to the last label delivered, of the sleepers that turned
      while at work; 0 where none was delivered after the change.
    - ``sleeper_bad_delivered``: labels delivered after the change, per such sleeper.
    - ``withdrawn_bad``, ``withdrawn_good``: labels withdrawn in a run, by what the labeler was.
    """
    fate, bad = record.fate, record.bad
    active = fate != player.NONE
    benchmark = fate == player.BENCHMARK
    kept, withdrawn = fate == player.DELIVERED, fate == player.WITHDRAWN
    delivered = kept | withdrawn
    good_ordinary = active & ~benchmark & ~bad
    ever_good, ever_bad = (active & ~bad).any(axis=0), (active & bad).any(axis=0)
    bad_at_last = _at(bad, _last(active)) & active.any(axis=0)
    dismissed = record.dismissed_at >= 0
    wrongly = dismissed & ~_at(bad, np.minimum(record.dismissed_at, _last(active)))
    turned = _turned(record, active)
    after = np.arange(len(fate))[:, None] >= record.changed_at
    late = delivered & after & turned
    delays = np.where(late.any(axis=0), _last(late) - record.changed_at + 1, 0)
    ratios = {
        "false_rejection": _labelers(wrongly & ever_good, ever_good),
        "false_acceptance": _labelers(bad_at_last & record.delivering_at_end, bad_at_last),
        "bad_share": _answers(delivered & bad, delivered),
        "bad_share_kept": _answers(kept & bad, kept),
        "accuracy_delivered": _answers(delivered & record.correct, delivered),
        "accuracy_kept": _answers(kept & record.correct, kept),
        "benchmark_share": _answers(benchmark, active),
        "held_honest": _answers(good_ordinary & ~delivered, good_ordinary),
        "sleeper_delay": Ratio(np.where(turned, delays, 0.0), turned.astype(float), share=False),
        "sleeper_bad_delivered": _per_labeler(late, turned),
        "sleeper_bad_kept": _per_labeler(late & kept, turned),
        "withdrawn_bad": _count(withdrawn & bad),
        "withdrawn_good": _count(withdrawn & ~bad),
        "delivered": _count(delivered),
        "dismissed": _count(dismissed[None]),
    }
    return Measured(
        ratios=ratios,
        of_kinds={name: _of_kind(record, place) for place, name in enumerate(record.kinds)},
        delays=delays[turned].astype(float),
        delivered=delivered.mean(axis=0),
        always_good=ever_good & ~ever_bad,
        always_bad=ever_bad & ~ever_good,
    )


def figures(runs: Sequence[Measured]) -> dict[str, Any]:
    """Report on one policy over all seeds.

    Parameters
    ----------
    runs : sequence of Measured
        One per seed.

    Returns
    -------
    dict
        Every figure of ``measure`` by name, pooled over the seeds; ``"intervals"``: [low, high] at 95% of
        each, by Student's t over the seeds where there are several that differ, else over labelers;
        ``"counts"``: what stands above and below the line; ``"kinds"``: the same for every kind of labeler,
        with the floor of benchmarks per verdict.
    """
    names = runs[0].ratios
    report = _described({name: [run.ratios[name] for run in runs] for name in names})
    kinds = {
        kind: _described(
            {name: [run.of_kinds[kind][name] for run in runs] for name in runs[0].of_kinds[kind]}
        )
        for kind in runs[0].of_kinds
    }
    reference = _good_accuracy(runs)
    for kind, described in kinds.items():
        turns = any(run.of_kinds[kind]["turned"].top.any() for run in runs)
        described["floor"] = verdict_floor(reference, described["accuracy_while_bad"], change=turns)
    return {**report, "kinds": kinds}


def _described(named: Mapping[str, Sequence[Ratio]]) -> dict[str, Any]:
    """Value, interval and counts of each figure."""
    pooled = {name: pool(ratios) for name, ratios in named.items()}
    return {
        **{name: ratio.value for name, ratio in pooled.items()},
        "intervals": {name: list(interval(ratios)) for name, ratios in named.items()},
        "counts": {
            name: [float(ratio.top.sum()), float(ratio.bottom.sum())] for name, ratio in pooled.items()
        },
    }


def _of_kind(record: Record, place: int) -> dict[str, Ratio]:
    """Sums of one kind of labeler.

    ``benchmarks_to_dismissal``: benchmarks answered from the start, or from the change of a sleeper, to the
    dismissal; of the dismissed (of sleepers, those who had turned). ``benchmarks_to_last_label``: the same to
    the last label delivered while bad, of those who delivered one. ``benchmarks_to_first_label``: benchmarks
    answered before the first label was delivered, of those who delivered one. ``delivered_share``,
    ``bad_share``: of all delivered labels, those of this kind, and those of this kind given while bad.
    """
    mine = record.kind_of == place
    active = record.fate != player.NONE
    benchmark = record.fate == player.BENCHMARK
    delivered = (record.fate == player.DELIVERED) | (record.fate == player.WITHDRAWN)
    dismissed = (record.dismissed_at >= 0) & mine
    turned = _turned(record, active) & mine
    start = np.where(turned, record.changed_at, 0)
    since = np.cumsum(benchmark & (np.arange(len(benchmark))[:, None] >= start), axis=0)
    bad_delivered = delivered & record.bad & mine
    any_bad, any_label = bad_delivered.any(axis=0), delivered.any(axis=0) & mine
    to_dismissal = _at(since, np.maximum(record.dismissed_at, 0))
    first = np.argmax(delivered, axis=0)
    return {
        "labelers": _count(mine[None]),
        "dismissed": _labelers(dismissed, mine),
        "delivering_at_end": _labelers(record.delivering_at_end & mine, mine),
        "turned": _labelers(turned, mine),
        "delivered_share": _answers(delivered & mine, delivered),
        "bad_share": _answers(bad_delivered, delivered),
        "accuracy_while_bad": _answers(
            benchmark & record.bad & mine & record.correct, benchmark & record.bad & mine
        ),
        "accuracy_while_good": _answers(
            benchmark & ~record.bad & mine & record.correct, benchmark & ~record.bad & mine
        ),
        "benchmarks_to_dismissal": _mean_of(to_dismissal, dismissed & (turned | (record.changed_at < 0))),
        "benchmarks_to_last_label": _mean_of(_at(since, _last(bad_delivered)), any_bad),
        "benchmarks_to_first_label": _mean_of(_at(np.cumsum(benchmark, axis=0), first), any_label),
    }


def _good_accuracy(runs: Sequence[Measured]) -> float:
    """Accuracy on benchmarks of everybody while good: what bad labelers have to be told from."""
    return pool([ratios["accuracy_while_good"] for run in runs for ratios in run.of_kinds.values()]).value


def _turned(record: Record, active: BoolArray) -> BoolArray:
    """Labelers who were still at work when they changed: (N,)."""
    in_time = (record.changed_at >= 0) & (record.changed_at < len(active))
    turned: BoolArray = in_time & _at(active, np.where(in_time, record.changed_at, 0))
    return turned


def _last(hits: BoolArray) -> Any:
    """Last step in which something was so: (T, N) to (N,); the last step of all where it never was."""
    return len(hits) - 1 - np.argmax(hits[::-1], axis=0)


def _at(values: Any, steps: Any) -> Any:
    """Value of each labeler at a step of its own: (T, N), (N,) to (N,)."""
    return values[steps, np.arange(values.shape[1])]


def _labelers(top: BoolArray, bottom: BoolArray) -> Ratio:
    return Ratio(top.astype(float), bottom.astype(float), of_labelers=True)


def _answers(top: BoolArray, bottom: BoolArray) -> Ratio:
    return Ratio(top.sum(axis=0, dtype=float), bottom.sum(axis=0, dtype=float))


def _per_labeler(top: BoolArray, labelers: BoolArray) -> Ratio:
    return Ratio(top.sum(axis=0, dtype=float), labelers.astype(float), share=False)


def _mean_of(values: Any, labelers: BoolArray) -> Ratio:
    return Ratio(np.where(labelers, values, 0).astype(float), labelers.astype(float), share=False)


def _count(hits: BoolArray) -> Ratio:
    """How often something happened in a run, as a ratio whose bottom sums to one per run."""
    top = hits.sum(axis=0, dtype=float)
    return Ratio(top, np.full(len(top), 1 / len(top)), share=False)
