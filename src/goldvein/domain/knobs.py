"""What each knob of a policy means, in the order of ``domain.policy``, for people who turn it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

from goldvein.domain.policy import Policy, allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Unit = Literal["share", "seconds", "count", "number"]


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob: its meaning, what it counts, and what it may be."""

    name: str
    meaning: str
    unit: Unit
    default: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Group:
    """Knobs that belong together."""

    name: str
    about: str
    knobs: Sequence[Knob]


_NUMBERS: Final = frozenset({"rate_slope", "supply_headroom"})
"""Neither a share nor a count."""

_TEXTS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("Gate", "Who is good enough, and when that is known well enough for a label to go out."): {
        "quality_bar": "Mean accuracy on benchmarks that is good enough; an ability from opening on.",
        "deliver_at": "How sure benchmarks make us that somebody is good enough before labels go out.",
        "suspect_below": "How sure all evidence together must leave us; under it nothing goes out.",
        "dismiss_at": "A labeler who is good enough with at most this probability is dismissed.",
        "min_benchmarks": "Benchmarks that a labeler answers before the first label goes out.",
        "max_benchmarks": "Benchmarks without a verdict after which somebody is at the boundary.",
        "boundary_deliver_at": "The same certainty, for labelers at the boundary; 1 holds all answers.",
        "hold_seconds": "How long a held answer may wait for its verdict.",
        "max_held": "Held answers of one labeler at a time.",
    },
    ("Withdrawal", "Which delivered labels are taken back once their labeler is seen to have changed."): {
        "withdraw_at": "How sure we must be that a label was given under the bar to take it back.",
        "withdraw_benchmarks": "Benchmarks answered after the label that must back this.",
        "withdraw_window_seconds": "Labels delivered longer ago stay; 0 takes none back.",
        "hazard_floor": "Chance to turn bad from one answer to the next, never taken for less.",
    },
    ("Serving", "How often a labeler gets a benchmark, and which."): {
        "rate_ceiling": "Share of benchmarks while a labeler's answers do not go out yet.",
        "rate_floor": "Share of benchmarks that is never undercut.",
        "rate_slope": "Share of benchmarks for each unit of doubt once answers go out.",
        "rate_fresh_benchmarks": "Benchmarks under the ceiling while ordinary answers tell nothing.",
        "exposure_cap": "Servings from which a benchmark may be worn and is spared.",
        "candidates_drawn": "Unseen benchmarks compared for one draw.",
        "best_of": "The draw takes one of so many that would tell most.",
    },
    ("Mining", "Which of your tasks become benchmarks."): {
        "ease_at_least": "A clean task is solved, not guessed, by this share of trusted labelers.",
        "promote_at": "How sure we must be that the key is right and the task clean.",
        "promote_key_at": "How sure we must be that the key is right.",
        "promote_exhausted_at": "The first of these two once nobody is left to ask.",
        "abandon_below": "A candidate that is clean with at most this probability is dropped.",
        "panel_max": "Trusted answers to one candidate at most.",
        "panel_deliver_at": "How sure the panel must be for the label of a dropped candidate to go out.",
        "directed_share": "Share of new candidates sought where shortcuts go wrong; 0 mines at random.",
        "stream_share": "Share of the most trusted labelers' tasks that the panel gets too.",
        "panel_away_seconds": "No candidate waits for somebody trusted who was away so long.",
        "bootstrap_tasks": "Without anybody trusted, so many first tasks are answered by all. 0: never.",
        "bootstrap_answers": "Answers to each of them.",
    },
    ("Admission and supply", "How many people the benchmarks can test."): {
        "open_at": "Benchmarks needed to open.",
        "open_counterexamples": "Of them, those that each shortcut must get wrong.",
        "reserve": "Unseen benchmarks that a labeler should always have ahead.",
        "benchmarks_per_labeler": "Servings set aside for one admission.",
        "supply_headroom": "Benchmarks mined for each one that today's labelers need.",
    },
    ("Trust", "Who may answer the tasks that become benchmarks."): {
        "trust_accuracy": "Mean accuracy on the benchmarks asked of a trusted labeler.",
        "trust_at": "How sure we must be of that accuracy.",
        "trust_below": "Earned trust ends where we are less sure than this.",
        "trust_benchmarks": "Benchmarks answered before trust can be earned.",
        "panel_share": "Share of a trusted labeler's time that mining may take.",
    },
    ("Upkeep", "When a benchmark goes out of use, and what disguises the others."): {
        "freeze_below": "A benchmark whose key is right with less than this probability is frozen.",
        "exposure_budget": "Servings after which a benchmark retires.",
        "age_budget_seconds": "Time after its promotion after which a benchmark retires.",
        "fresh_share": "Share of benchmarks made of tasks pushed of late; 0: none is renewed.",
        "fresh_seconds": 'How long ago "of late" is at most.',
        "decoy_share": "Share of tasks that go to two people: what two have seen need be no benchmark.",
    },
    ("Audits", "Whose ordinary work auditors answer a second time, without knowing whose it is."): {
        "audit_labelers": "People whose work is audited each week; 0 audits nobody.",
        "audit_answers": "Answers of each of them that are given a second time.",
    },
    ("Reference checks", "When the workforce labels your own sample anew, and what is to be noticed."): {
        "reference_days": "A check is due every so many days; 0: never.",
        "reference_share": "Share of ordinary work that is the sample's while a check is under way.",
        "reference_drop": "The drop of accuracy against your sample that is looked for.",
        "reference_accuracy": "Accuracy against your sample that is wanted: less is an alert. 0: no alert.",
    },
    ("Leases", "How long somebody keeps a task in hand."): {
        "lease_seconds": "Time for one task, renewed while somebody is at it.",
        "dismissal_grace": "Held answers still taken after a dismissal, so that it betrays no benchmark.",
    },
}  # fmt: skip


def _knob(name: str, meaning: str) -> Knob:
    default = getattr(Policy(), name)
    if name in _NUMBERS:
        unit: Unit = "number"
    elif isinstance(default, float):
        unit = "share"
    else:
        unit = "seconds" if name.endswith("_seconds") else "count"
    return Knob(name, meaning, unit, default, *allowed(name, default))


GROUPS: Final[Sequence[Group]] = tuple(
    Group(name, about, tuple(_knob(*knob) for knob in texts.items()))
    for (name, about), texts in _TEXTS.items()
)
KNOBS: Final[Mapping[str, Knob]] = {knob.name: knob for group in GROUPS for knob in group.knobs}
assert list(KNOBS) == [field.name for field in fields(Policy)], (
    "every knob is described, in the policy's order"
)
