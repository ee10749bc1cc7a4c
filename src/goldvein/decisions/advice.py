"""What an alert means, and what to do about it: the words of pages and messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from goldvein.domain.records import AlertKind


@dataclass(frozen=True, slots=True)
class Advice:
    """An alert in words: a title, what it means, and what to do first."""

    title: str
    meaning: str
    action: str


_OF_METRICS: Final = {
    ("throughput_per_hour", "low"): Advice(
        "fewer labels than usual",
        "Labels go out more slowly than they do at this time of day.",
        "See whether tasks wait. If none do, the customer sends less; if they do, see how many people are at "
        "work and why they may get nothing.",
    ),
    ("active_labelers", "low"): Advice(
        "fewer labelers at work",
        "Fewer people work than at this time on other days.",
        "See whether they get work, whether something pays better elsewhere, and ask more people in.",
    ),
    ("answer_seconds_p50", "low"): Advice(
        "answers come faster than usual",
        "People take less time for a task. Often that is how a shortcut or a program begins, days before "
        "quality shows it.",
        "Look at the shortcut report and at the labelers who became fast; audit some of their work.",
    ),
    ("answer_seconds_p50", "high"): Advice(
        "answers take longer than usual",
        "People take more time for a task.",
        "See whether the tasks became longer, the instruction changed, or the pages are slow.",
    ),
    ("answer_seconds_spread", "low"): Advice(
        "times on task became alike",
        "Times on task vary less than they do among people.",
        "Look for programs among the newest labelers: they answer at an even pace.",
    ),
    ("answer_seconds_spread", "high"): Advice(
        "times on task came apart",
        "Some answer much faster than others: two groups of people, or people and programs.",
        "Sort labelers by time on task, and audit the fastest of those who joined lately.",
    ),
    ("queue_age_seconds", "high"): Advice(
        "tasks wait long",
        "The oldest task has waited longer than is usual at this time.",
        "See how many people are at work, and why they may get no work.",
    ),
    ("latency_p95_share", "high"): Advice(
        "labels are about to be late",
        "One label in twenty takes longer than its deadline allows.",
        "Ask more people in, or tell the customer.",
    ),
    ("late_share", "high"): Advice(
        "labels are late",
        "More tasks missed their deadline than may.",
        "Ask more people in, or agree on another deadline with the customer.",
    ),
    ("held_share", "high"): Advice(
        "more answers are held",
        "A larger share of answers comes from people who are not known to be good enough.",
        "Look at who joined lately, and at standings that fell.",
    ),
    ("withdrawn_share", "high"): Advice(
        "more labels are taken back",
        "Later benchmarks spoke against labels that had gone out.",
        "Look at whose labels they were; the labeler's page says which answers tipped it.",
    ),
    ("benchmark_share", "high"): Advice(
        "more work goes into benchmarks",
        "A larger share of answers is spent on benchmarks than is usual.",
        "See whether many people joined; they are tested more at first.",
    ),
    ("benchmark_pass_rate", "low"): Advice(
        "fewer benchmarks are answered right",
        "The crowd misses more keys than it did.",
        "See whether everybody does: then look at the instruction and at new benchmarks; else at who does.",
    ),
    ("supply_hours", "low"): Advice(
        "benchmarks run out",
        "At the present pace benchmarks will not last.",
        "Ask people of the panel in, or write benchmarks by hand.",
    ),
    ("agreement_raw", "low"): Advice(
        "people agree less",
        "Pairs of people who had the same task answer alike less often.",
        "If everybody disagrees more, the instruction is read in two ways: look at it, and at what is new in "
        "the tasks, before anybody is dismissed.",
    ),
}  # fmt: skip
_OF_KINDS: Final[dict[str, Advice]] = {
    "silent": Advice(
        "the customer sends nothing",
        "More pushes are missing since the last one than ever before.",
        "Ask whether the training run stands still; labelers will have no work soon.",
    ),
    "webhook": Advice(
        "a webhook does not answer",
        "The customer's receiver takes no messages; events wait for it.",
        "Tell the customer: the webhook's page shows what its server said.",
    ),
    "shortcut": Advice(
        "a shortcut was discovered",
        "Answers of some labelers follow a rule that does not do the job.",
        "Look at the report on shortcuts, and at these labelers.",
    ),
    "taste": Advice(
        "a group has a taste of its own",
        "Some labelers answer alike, and differently from others, without following a rule.",
        "Let an auditor look: taste is no error.",
    ),
    "benchmarks": Advice(
        "a shortcut passes the benchmarks",
        "A rule that does not do the job would pass, or too few benchmarks speak against it.",
        "See what is mined, and write benchmarks against the rule by hand.",
    ),
    "leak": Advice(
        "a benchmark leaked",
        "Too many answered a benchmark as if they knew its key.",
        "It was retired; look at who shares what with whom.",
    ),
    "reference": Advice(
        "accuracy against the customer's sample fell",
        "The workforce agrees less with the customer's own labels than it did, or than is wanted.",
        "Look at the project's reference page: it says whether people, the instruction or keys are behind "
        "it.",
    ),
    "filter": Advice(
        "the filter errs",
        "By audits, more bad people deliver than promised, or more good ones are kept out than the filter "
        "says.",
        "Look at the project's filter page: it recommends another bar, with its cost.",
    ),
}


def advice(kind: AlertKind, subject: str) -> Advice:
    """Put an alert into words."""
    if kind in ("low", "high"):
        plain = subject.replace("_", " ")
        return _OF_METRICS.get((subject, kind)) or Advice(
            f"{plain} is {kind}",
            f"The metric {plain} is {'under' if kind == 'low' else 'over'} its range.",
            "See what changed when it left its range.",
        )
    return _OF_KINDS.get(kind) or Advice(
        kind, f"An alert of the kind {kind}: {subject}.", "Look at its page."
    )
