"""What answers say about their labelers, as the filter takes it: the same for judging and for verifying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from goldvein.domain.records import UNANSWERABLE
from goldvein.stats.arrays import Array
from goldvein.stats.items import served_likelihoods
from goldvein.stats.model import Model
from goldvein.stats.shortcuts import hurried_signal, ordinary_likelihoods, rapid_signal
from goldvein.stats.states import POSITION_RULES
from goldvein.store.attempts import Attempt
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice, reading

_MOST_MILLISECONDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Traits:
    """What the filter reads of a task's content: which option each rule picks, and how long all of it is."""

    picks: Mapping[str, Sequence[int]] = field(default_factory=dict)
    characters: int = 0


NOTHING_READ = Traits()


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer: of a benchmark with its likelihoods, or of ordinary work; options as they were shown.

    ``exposures`` counts the benchmark's servings before; ``milliseconds`` is None where no clock ran.
    """

    table: Array | None
    shown: Sequence[int]
    choice: int
    exposures: int = 0
    milliseconds: int | None = None
    traits: Traits = NOTHING_READ


NOTHING_SAID = Observation(None, (), UNANSWERABLE)
"""An answer that is struck out, because the key was in doubt: it tells neither ability nor anything else."""


def reads_content(model: Model, *, is_benchmark: bool) -> bool:
    """Whether an answer's content tells anything: what rules pick in ordinary work, how long all of it is."""
    return model.rapid is not None or bool(model.leans and not is_benchmark)


def traits(model: Model, content: Content, classes: Sequence[str] | None) -> Traits:
    """Read off a task what this model version makes use of."""
    return Traits(
        choice.rule_choices(content.input, classes, model.leans, content.rules) if model.leans else {},
        reading.characters(content.input, classes, content.characters) if model.rapid else 0,
    )


def milliseconds_on_task(attempt: Attempt, received_at: datetime) -> int | None:
    """Time from showing to answering by the server's clock; None where both are one moment of a record.

    An answer that was kept back was given when it was deferred: what comes after is the next task's time.
    """
    seen_at, given_at = attempt.seen_at, attempt.deferred_at or received_at
    if seen_at is None or given_at <= seen_at:
        return None
    return min((given_at - seen_at) // timedelta(milliseconds=1), _MOST_MILLISECONDS)


def likelihoods(model: Model, observed: Sequence[Observation]) -> Array:
    """Likelihood of each answer by state, ones for ordinary work: (states, n)."""
    likelihood = np.ones((model.space.size, len(observed)))
    places = [place for place, one in enumerate(observed) if one.table is not None]
    if places:
        tables = [one.table for one in observed if one.table is not None]
        choices = [
            observed[place].choice if observed[place].choice != UNANSWERABLE else table.shape[1] - 1
            for place, table in zip(places, tables, strict=True)
        ]
        shown = [observed[place].shown for place in places]
        exposures = [observed[place].exposures for place in places]
        likelihood[:, places] = served_likelihoods(model, tables, shown, choices, exposures)
    return likelihood


def signals(
    model: Model, observed: Sequence[Observation], likelihood: Array, *, shuffled: bool
) -> Array | None:
    """Weak evidence, for trust under all evidence only: (states, n), or None where nothing tells anything.

    Ordinary answers tell which rules they follow; an answer that is no option follows none. In a fixed order
    a position means something, so it tells only once it is learned how often good labelers pick it. Time on
    task tells who did not read, of benchmarks too: there a rapid answer also says nothing about ability.

    Parameters
    ----------
    likelihood : (states, n) float
        From ``likelihoods``.
    shuffled : bool
        Whether options are shown in random order.
    """
    follows = shuffled or model.leans.keys() >= set(POSITION_RULES)
    if not follows and model.rapid is None:
        return None
    signal = np.ones((model.space.size, len(observed)))
    places = [p for p, one in enumerate(observed) if one.table is None and one.choice != UNANSWERABLE]
    if follows and places:
        own = [observed[place] for place in places]
        signal[:, places] = ordinary_likelihoods(
            model, [one.traits.picks for one in own], [one.shown for one in own], [one.choice for one in own]
        )
    if model.rapid is not None:
        _time(model, observed, likelihood, signal)
    return signal


def _time(model: Model, observed: Sequence[Observation], likelihood: Array, signal: Array) -> None:
    """Take in the time on task; changes ``signal`` in place."""
    places = [place for place, one in enumerate(observed) if one.milliseconds is not None]
    if not places:
        return
    rapid = np.array([_is_rapid(model, observed[place]) for place in places])
    signal[:, places] *= rapid_signal(model, rapid)
    hurried = [p for p, quick in zip(places, rapid, strict=True) if quick and observed[p].table is not None]
    if hurried:
        signal[:, hurried] *= hurried_signal(model, likelihood[:, hurried])


def _is_rapid(model: Model, one: Observation) -> bool:
    """Whether an answer came sooner than its task can be read."""
    assert model.rapid is not None
    assert one.milliseconds is not None
    limit = model.rapid.base_seconds + model.rapid.seconds_per_character * one.traits.characters
    return one.milliseconds < 1000.0 * limit
