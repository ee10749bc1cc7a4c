"""The quality policy of a project: every knob that an operator can turn, in one frozen record.

A policy is versioned: a decision in the log names the policy it was taken under. Changing one knob makes a
new policy; nothing here is ever changed in place.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class PolicyError(ValueError):
    """A policy that cannot be kept: a value out of its range, or two values that contradict each other."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project asks of its labelers, and how hard it looks.

    Probabilities and shares lie in [0, 1]; times are in seconds; everything else is a count. The groups
    below follow the way of a task: gate, serving, mining, admission, trust, upkeep, audits, leases.
    """

    # Gate: who is good enough, and when is that known well enough.
    quality_bar: float = 0.70  # mean accuracy on the frozen mix of benchmarks
    deliver_at: float = 0.9  # P(at or over the bar), on benchmarks alone, needed to deliver a label
    suspect_below: float = 0.95  # P(at or over the bar), on all evidence, below which nothing is delivered
    dismiss_at: float = 0.0005  # P(at or over the bar) at or under which a labeler is dismissed
    min_benchmarks: int = 4  # benchmarks answered since the last admission before anything is delivered
    max_benchmarks: int = 200  # without a verdict after so many, a standing is at the boundary
    boundary_deliver_at: float = 0.5  # the gate's thresholds for a boundary standing; 1.0 holds them all
    hold_seconds: int = 600  # how long a held answer may wait for its verdict
    max_held: int = 20  # held answers of one labeler at a time

    # Withdrawal: which delivered labels are taken back once their labeler is seen to have changed.
    withdraw_at: float = 0.8  # P(under the bar at that answer) needed to take a label back
    withdraw_benchmarks: int = 3  # benchmarks answered after it that must back this
    withdraw_window_seconds: int = 86_400  # labels delivered longer ago stay; 0 takes none back

    hazard_floor: float = 0.0009  # P(somebody turns bad) per answer, never taken for less: an insurance

    # Serving: how often a benchmark, and which.
    rate_ceiling: float = 0.75  # share of benchmarks while the labeler is not yet delivered
    rate_floor: float = 0.005  # share of benchmarks that is never undercut
    rate_slope: float = 0.1  # share of benchmarks per unit of doubt once delivered
    rate_fresh_benchmarks: int = 8  # while ordinary answers tell nothing: benchmarks until which the
    # ceiling holds; beyond, it falls by their square
    exposure_cap: int = 100  # servings from which a benchmark may be worn (see serving.eligible)
    candidates_drawn: int = 20  # unseen benchmarks compared for one draw
    best_of: int = 4  # the draw takes one of so many best candidates

    # Mining: which task becomes a benchmark.
    ease_at_least: float = 0.75  # a clean task is solved, not guessed, by this share of trusted labelers
    promote_at: float = 0.835  # P(key right and task clean) needed to promote
    promote_key_at: float = 0.98  # P(key right) needed to promote
    promote_exhausted_at: float = 0.75  # P(key right and task clean) needed once nobody is left to ask
    abandon_below: float = 0.2  # P(key right and task clean) at or under which a candidate is dropped
    panel_max: int = 7  # trusted answers for one candidate at most
    panel_deliver_at: float = 0.9  # P(answer) needed to deliver a dropped candidate from the panel
    directed_share: float = 0.5  # new candidates sought for what shortcuts get wrong; 0 mines at random
    stream_share: float = 0.1  # of highly trusted labelers' delivered answers, while benchmarks are missing,
    # those whose tasks go on to others of the panel
    panel_away_seconds: int = 3_600  # no candidate waits for somebody trusted who was not seen for so long
    bootstrap_tasks: int = 0  # without anybody trusted, so many tasks are answered by everybody; 0: never
    bootstrap_answers: int = 8  # answers to each of them

    # Admission and supply: how many people the benchmarks can test.
    open_at: int = 20  # active benchmarks needed to open
    open_counterexamples: int = 3  # of them, those that each content shortcut must get wrong
    reserve: int = 12  # unseen benchmarks that a labeler should always have ahead
    benchmarks_per_labeler: int = 20  # servings set aside for one admission
    supply_headroom: float = 1.25  # benchmarks mined beyond what today's labelers need

    # Trust: who may answer candidates.
    trust_accuracy: float = 0.85  # mean accuracy on the frozen mix asked of a trusted labeler
    trust_at: float = 0.9  # P(at or over that accuracy) needed
    trust_below: float = 0.75  # P(at or over that accuracy) under which earned trust ends again
    trust_benchmarks: int = 25  # benchmarks answered before trust can be earned
    panel_share: float = 0.5  # of the time of somebody who earned trust, what mining may take

    # Upkeep: when a benchmark goes out of use, and what disguises the others.
    freeze_below: float = 0.5  # P(key right) under which a benchmark is frozen
    exposure_budget: int = 1_000  # servings after which a benchmark retires
    age_budget_seconds: int = 7_776_000  # time after its promotion after which a benchmark retires
    fresh_share: float = 0.25  # of active benchmarks, those of tasks pushed of late; 0: none is renewed
    fresh_seconds: int = 604_800  # what "of late" is: older ones make room, a day's share a day
    decoy_share: float = 0.02  # ordinary tasks that go to two people: what two have seen need be no benchmark

    # Audits: whose ordinary work auditors answer a second time, blindly.
    audit_labelers: int = 40  # people whose work is audited each week; 0: nobody's
    audit_answers: int = 7  # answers of each of them
    # Reference checks: the customer's own sample, labelled anew.
    reference_days: int = 1  # a check is due every so many days; 0: never
    reference_share: float = 0.05  # of ordinary servings, those of the sample while a check is under way
    reference_drop: float = 0.05  # the drop of accuracy that is looked for
    reference_accuracy: float = 0.0  # accuracy against the customer that is wanted; 0: none in particular

    # Leases.
    lease_seconds: int = 600
    dismissal_grace: int = 3  # held answers after a dismissal, so that it betrays no benchmark

    def __post_init__(self) -> None:
        """Refuse a policy that cannot be kept."""
        self._check_ranges()
        self._check_order("rate_floor", "rate_ceiling")
        self._check_order("dismiss_at", "deliver_at")
        self._check_order("quality_bar", "trust_accuracy")
        self._check_order("trust_below", "trust_at")
        self._check_order("promote_exhausted_at", "promote_at")
        self._check_order("abandon_below", "promote_at")
        self._check_order("min_benchmarks", "max_benchmarks")
        self._check_order("best_of", "candidates_drawn")

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Policy:
        """Policy from stored or sent values; knobs that are not named keep their default.

        Raises
        ------
        PolicyError
            If a name is unknown, or a value has the wrong type or is out of range.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise PolicyError(f"unknown policy value {unknown[0]!r}; known are {', '.join(sorted(known))}")
        defaults = cls()
        return cls(**{name: _as_type_of(name, value, defaults) for name, value in values.items()})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, float | int]:
        """All knobs by name, ready for JSON."""
        return asdict(self)

    def _check_ranges(self) -> None:
        """Probabilities inside (0, 1], counts at least one; each error names value, rule and way out."""
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = allowed(field.name, field.default)
            if not low <= value <= high:
                raise PolicyError(
                    f"policy value {field.name} is {value!r}, but must lie between {low} and {high}; "
                    f"the default is {field.default!r}"
                )

    def _check_order(self, lower: str, higher: str) -> None:
        """One knob must not pass another."""
        if getattr(self, lower) > getattr(self, higher):
            raise PolicyError(
                f"{lower} is {getattr(self, lower)!r}, over {higher} = {getattr(self, higher)!r}; "
                f"lower {lower} or raise {higher}"
            )


# Knobs whose range is not simply [0, 1] for a share and one upwards for a count.
_RANGES: dict[str, tuple[float, float]] = {
    "quality_bar": (0.05, 0.99),
    "deliver_at": (0.5, 0.9999),
    "suspect_below": (0.5, 0.9999),
    "hazard_floor": (0.0, 0.1),
    "dismiss_at": (0.0, 0.5),
    "hold_seconds": (0, 10**9),
    "max_held": (0, 10**9),
    "withdraw_at": (0.5, 0.9999),
    "withdraw_benchmarks": (0, 10**9),
    "withdraw_window_seconds": (0, 10**9),
    "rate_ceiling": (0.01, 1.0),
    "rate_floor": (0.0005, 1.0),
    "rate_slope": (0.0, 100.0),
    "supply_headroom": (1.0, 100.0),
    "bootstrap_tasks": (0, 10_000),
    "bootstrap_answers": (3, 1_000),
    "open_counterexamples": (0, 10**9),
    "rate_fresh_benchmarks": (0, 10**9),
    "candidates_drawn": (1, 1_000),  # each draw makes so many random numbers
    "best_of": (1, 1_000),
    "trust_benchmarks": (0, 10**9),
    "audit_labelers": (0, 10_000),
    "audit_answers": (4, 100),
    "dismissal_grace": (0, 10**9),
    "reference_days": (0, 365),
    "reference_drop": (0.01, 0.3),
}


def allowed(name: str, default: object) -> tuple[float, float]:
    """The least and the most that a knob may be, by its name and its default."""
    return _RANGES.get(name, (0.0, 1.0) if isinstance(default, float) else (1, 10**9))


def _as_type_of(name: str, value: object, defaults: Policy) -> float | int:
    """Give the value the type of its default; JSON writes 1 for 1.0."""
    default = getattr(defaults, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PolicyError(f"policy value {name} is {value!r}, but must be a number like {default!r}")
    if isinstance(default, int) and value != int(value):
        raise PolicyError(f"policy value {name} is {value!r}, but must be a whole number like {default!r}")
    return int(value) if isinstance(default, int) else float(value)
