"""What to mine next, how much at once, and by whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from goldvein.stats.arrays import Array
from goldvein.stats.ridge import Ridge, fit_ridge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from goldvein.domain.policy import Policy

AT_ONCE_EACH: Final = 8
"""Candidates under way for each of the panel who is there: more would wait long for their last answer, and
with fewer somebody who has had them all would have nothing to do."""
LEAST_OF_EACH: Final = 10
"""Candidates promoted, and as many dropped, before anything is made of what they look like."""
PULL: Final = 10.0
"""Precision around 0 of what one trait tells: some forty settled candidates move a weight half the way."""
_GAIN: Final = 10.0
_LEAST_VALUE: Final = 0.05
_AGAINST, _RARE = 0.5, 0.25
_URGENCY: Final = 1_000
_DECIDING, _FAMILIAR, _LOADED = 1.0, 0.5, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What mining is to do, as last reckoned.

    Attributes
    ----------
    each : int or None
        Benchmarks that a verdict on a newcomer takes; None before there are any.
    clarity : Ridge or None
        What promises a promotion; None while that is not learned.
    facts : mapping
        What it was reckoned from, for the report.
    """

    each: int | None = None
    clarity: Ridge | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        clarity = self.clarity.to_dict() if self.clarity is not None else None
        return {"each": self.each, "clarity": clarity, "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The opposite of ``to_dict``."""
        clarity = Ridge.from_dict(values["clarity"]) if values.get("clarity") else None
        return cls(values.get("each"), clarity, values.get("facts") or {})


# --- which tasks ------------------------------------------------------------------------------------------


def learn_clarity(traits: Array, promoted: Sequence[bool]) -> Ridge | None:
    """What promoted candidates looked like beside dropped ones; None while there are few of either.

    Parameters
    ----------
    traits : (n, n_traits) float
    promoted : n bool
    """
    kept = sum(promoted)
    if min(kept, len(promoted) - kept) < LEAST_OF_EACH:
        return None
    return fit_ridge(traits, np.array(promoted, dtype=float), PULL)


def worth(sought: Array, clarity: Ridge | None, traits: Array | None) -> Array:
    """How much each of some waiting tasks promises: P(it is promoted) times what it would be good for.

    Parameters
    ----------
    sought : (n,) float
        From ``decisions.seeking.sought``: 0 where no shortcut passes too much.
    clarity : Ridge or None
    traits : (n, n_traits) float or None
        Not needed without ``clarity``.

    Returns
    -------
    (n,) float
        Rounded, so that tasks that are alike are equal.
    """
    good_for = np.maximum(1 + _GAIN * np.asarray(sought, dtype=float), _LEAST_VALUE)
    if clarity is None or traits is None:
        return np.asarray(np.round(good_for, 6))
    chance = 1 / (1 + np.exp(-clarity.log_odds(traits)))
    return np.asarray(np.round(chance * good_for, 6))


def contradicts(picked: int, picks: Mapping[str, Sequence[int]], rules: Iterable[str]) -> bool:
    """Whether a good labeler's answer speaks against some of these rules: they pick something else."""
    return any(picks.get(rule) and picked not in picks[rule] for rule in rules)


def stream_chance(policy: Policy, *, lenient: Collection[str], speaks_against: bool) -> float:
    """P(a task goes on to the panel), given that somebody highly trusted has just answered it.

    As long as no shortcut passes too much, all have the same chance. Else the directed share goes to tasks on
    which such a shortcut is likely wrong, however few they are, and the rest is at random: benchmarks must go
    on to look like work.
    """
    if not lenient or not policy.directed_share or not policy.stream_share:
        return policy.stream_share
    return (1 - policy.directed_share) * policy.stream_share + policy.directed_share * speaks_against


def urgency(p_clean: float, *, speaks_against: bool, rareness: float = 0.0) -> int:
    """How soon a candidate is to be answered next: the surer, the sooner; less is sooner.

    Parameters
    ----------
    p_clean : float
        P(key right and task clean) so far.
    speaks_against : bool
        Whether its likely key contradicts a shortcut that passes too much.
    rareness : float
        By how much benchmarks with that key are too few, from 0 to 1, where keys are classes.
    """
    return -round(_URGENCY * min(1.0, p_clean * (1 + _AGAINST * speaks_against + _RARE * rareness)))


def as_sure(urgency: int) -> float:
    """How sure a candidate is, from its urgency; one that nobody has answered yet has its task's own."""
    return min(1.0, max(0.0, -urgency / _URGENCY))


def rareness(keys: Sequence[int], picked: int, n_classes: int) -> float:
    """By how much a class is too rare among the keys: 0 at its even share or over, 1 where there is none."""
    even = len(keys) / n_classes
    return max(0.0, 1 - keys.count(picked) / even) if even else 0.0


# --- how many, and by whom --------------------------------------------------------------------------------


def most_under_way(missing: int, there: int) -> int:
    """How many candidates may be under way.

    Parameters
    ----------
    missing : int
        Benchmarks wanted beyond those there are.
    there : int
        Panel members seen lately.
    """
    return min(2 * max(0, missing) + 2 * there, AT_ONCE_EACH * max(1, there))


@dataclass(frozen=True, slots=True)
class Record:
    """Who has answered the latest candidates.

    Attributes
    ----------
    load : counter of labelers
        Answers of each.
    together : counter of frozenset of two labelers
        Candidates that both have answered.
    """

    load: Counter[int] = field(default_factory=Counter)
    together: Counter[frozenset[int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, panels: Iterable[Collection[int]]) -> Record:
        """From the panels of some candidates."""
        record = cls()
        for panel in panels:
            people = sorted(set(panel))
            record.load.update(people)
            record.together.update(
                frozenset((one, other)) for i, one in enumerate(people) for other in people[i + 1 :]
            )
        return record

    def familiarity(self, labeler: int, panel: Collection[int]) -> float:
        """Share of the labeler's candidates that the others on this panel answered too, on average."""
        own = self.load[labeler]
        if not panel or not own:
            return 0.0
        shared = sum(self.together[frozenset((labeler, other))] for other in panel if other != labeler)
        return shared / (len(panel) * own)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate that waits: how sure it is by now, who answered it, and who may not."""

    p: float
    panel: Collection[int]
    had_by: Collection[int]


def seat(
    trust: Mapping[int, float], waiting: Sequence[Waiting], record: Record, usual: float
) -> list[tuple[int, int]]:
    """Which of the panel gets which candidate: the most trusted choose first.

    Candidates near their end are worth most to those more trusted than usual and least to the others, who
    leave the deciding answer to them where there is something else to do. Panels are mixed: whoever has sat
    with the same people time and again takes another candidate if there is one.

    Parameters
    ----------
    trust : mapping of labelers to float
        How certain it is that each may make keys.
    waiting : sequence of Waiting
        In the order of the queue, which breaks ties.
    record : Record
    usual : float
        The trust that the panel has in the middle.

    Returns
    -------
    list of (labeler, place among ``waiting``)
    """
    left = dict(enumerate(waiting))
    seated = []
    heaviest = max(record.load.values(), default=0)
    for labeler in sorted(trust, key=lambda one: (-trust[one], record.load[one], one)):
        places = [place for place, one in left.items() if labeler not in one.had_by]
        if places:
            more = trust[labeler] - usual - (_LOADED * record.load[labeler] / heaviest if heaviest else 0)

            def value(place: int, labeler: int = labeler, more: float = more) -> tuple[float, int]:
                one = left[place]
                fit = one.p * (1 + _DECIDING * np.sign(round(more, 6)))
                return fit - _FAMILIAR * record.familiarity(labeler, one.panel), -place

            best = max(places, key=value)
            seated.append((labeler, best))
            del left[best]
    return seated
