"""The self-attack as one report: telling by form, by stream, by content, by pooling; evenness; damage."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.sim.attack import features
from goldvein.sim.attack.content import attack_content
from goldvein.sim.attack.evenness import evenness
from goldvein.sim.attack.ring import damage, inference
from goldvein.sim.attack.telling import certain, leading, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from goldvein.sim.attack.operation import Recording, Seen

TARGETS: Mapping[str, float] = {
    "auc": 0.52, "stream": 0.62, "card": 0.62, "content": 0.55, "bad_share": 0.02, "checked": 0.15,
}  # fmt: skip
"""What each part of the attack must not exceed."""


def attack(recording: Recording, seeds: int, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Attack a recorded run, and play rings in the contest.

    Parameters
    ----------
    recording : Recording
    seeds : int
        Populations on which rings are played; 0 plays none.
    say : callable
        Told what comes next.

    Returns
    -------
    dict
        ``auc`` and ``form``: by everything but the words (a), ``certain`` in it what is too rare for an area;
        ``stream``: with the place in the stream (b); ``card``: with what the labelers' cards said as well;
        ``content``: the words alone (c); ``pooling`` and ``damage``: colluders (d); ``evenness``;
        ``held``: each target and whether it is met.
    """
    seen = list(recording.seen)
    is_benchmark = np.array([one.is_benchmark for one in seen])
    people = np.array([one.sighting.labeler for one in seen])
    say("telling by form and time")
    form, names = features.payload(seen)
    report: dict[str, Any] = {
        "items": len(seen),
        "opening_items": len(recording.opening),
        "benchmarks": int(is_benchmark.sum()),
        "decoys": sum(one.serving.stage == "decoy" for one in seen),
        "labelers": len(np.unique(people)),
        "seed": recording.plan.seed,
        "verify": "ok" if recording.verified else "broken",
        "seen_twice": len(recording.twice),
        "models": recording.models,
    }
    told = tell(form, is_benchmark, people)
    report["auc"] = told.auc if told else None
    report["form"] = told and {
        **told.to_dict(),
        "leading": leading(form, names, is_benchmark),
        "certain": certain(form, names, is_benchmark),
    }
    report["late"] = lateness(seen)
    say("telling by the place in the stream")
    report["stream"] = _stream(recording, seen, form, is_benchmark)
    say("telling by the card")
    report["card"] = _card(recording, seen, form, is_benchmark)
    report["beyond"] = _beyond(seen, is_benchmark)
    say("telling by content")
    report["content"] = attack_content(recording)
    report["evenness"] = evenness(recording)
    report["exposures"] = exposures(recording)
    if seeds:
        say("pooling")
        report["pooling"] = inference(1)
        say("damage")
        report["damage"] = damage(range(1, seeds + 1))
    report["held"] = held(report)
    return report


def _stream(
    recording: Recording, seen: Sequence[Seen], form: Any, is_benchmark: Any
) -> dict[str, Any] | None:
    """By form and place in the stream; by place alone, for careers cut short, and in the opening."""
    shown = [*recording.opening, *seen]
    every, _ = features.stream(shown, recording.opened_at or recording.began_at)
    columns = every[len(recording.opening) :]
    people = np.array([one.sighting.labeler for one in seen])
    told = tell(np.column_stack([form, columns]), is_benchmark, people)
    if told is None:
        return None
    alone = {}
    everybody = np.array([one.sighting.labeler for one in shown])
    drawn = np.array([one.is_benchmark for one in shown])
    first = slice(0, len(recording.opening))
    opening = tell(every[first], drawn[first], everybody[first])
    if opening is not None:
        alone["opening"] = opening.to_dict()
    for most in (100, 300, 1_000, 10**9):
        rows = columns[:, 0] < most
        part = tell(columns[rows], is_benchmark[rows], people[rows])
        if part is not None:
            alone["all" if most == 10**9 else f"first {most}"] = part.to_dict()
    return {**told.to_dict(), "place_alone": alone}


def _card(recording: Recording, seen: Sequence[Seen], form: Any, is_benchmark: Any) -> dict[str, Any] | None:
    """By form, place and card; the same without the card is ``stream``. Also by the card alone."""
    people = np.array([one.sighting.labeler for one in seen])
    place, _ = features.stream([*recording.opening, *seen], recording.opened_at or recording.began_at)
    said, _ = features.card(seen, recording.cards)
    told = tell(np.column_stack([form, place[len(recording.opening) :], said]), is_benchmark, people)
    alone = tell(said, is_benchmark, people)
    changes = [
        (earlier.levels[labeler], later.levels[labeler])
        for earlier, later in zip(recording.cards, recording.cards[1:], strict=False)
        for labeler in later.levels
    ]
    counted = {
        "refreshes": len(recording.cards),
        "changes": sum(before != after for before, after in changes),
    }
    if told is None:
        return None
    return {**told.to_dict(), "alone": alone and alone.to_dict(), **counted}


def _beyond(seen: Sequence[Seen], is_benchmark: Any) -> dict[str, Any]:
    """What would tell more, if it could be had: whole sizes, which are words, and ages, which nothing shows.

    A task that is met again has its size and its age again, so folds go by task here.
    """
    tasks = np.array([one.serving.task for one in seen])
    found = {
        "whole_sizes": tell(features.sizes(seen)[:, None], is_benchmark, tasks),
        "age_if_it_showed": tell(features.ages(seen)[:, None], is_benchmark, tasks),
    }
    return {name: one and one.to_dict() for name, one in found.items()}


def lateness(seen: Sequence[Seen]) -> Mapping[str, Mapping[str, int]]:
    """What late answers, skips and repeats were told, by what the task was."""
    counts: dict[str, Counter[str]] = {"benchmark": Counter(), "ordinary": Counter()}
    for one in seen:
        kind = "benchmark" if one.is_benchmark else "ordinary"
        for what, reply in (
            (one.sighting.did, one.sighting.back),
            ("repeated", one.sighting.repeated),
            ("renewed", one.sighting.renewed),
        ):
            if reply is not None:
                counts[kind][f"{what} {reply.status}"] += 1
    return counts


def exposures(recording: Recording) -> dict[str, Any]:
    """Servings of each benchmark against its budget."""
    from goldvein.domain.policy import Policy

    knobs = {name: value for name, value in recording.policy.items() if hasattr(Policy, name)}
    budget = Policy.from_dict(knobs).exposure_budget
    served = Counter(one.task for one in recording.servings if one.stage == "benchmark")
    active = {key.task for key in recording.keys if key.state == "active"}
    return {
        "budget": budget,
        "most": max(served.values(), default=0),
        "active_beyond_budget": sum(served[task] > budget for task in active),
    }


def held(report: Mapping[str, Any]) -> dict[str, bool | None]:
    """Which targets are met; null where nothing could be said."""
    stream, card, content = report["stream"], report["card"], report["content"]
    matched = content.get("matched")
    found = {
        "auc": report["auc"],
        "stream": stream and stream["auc"],
        "card": card and card["auc"],
        "content": matched and matched["auc"],
        "bad_share": max((line["bad_share"] for line in report.get("damage", [])), default=None),
        "checked": max((line["checked"] for line in report.get("damage", [])), default=None),
    }
    verdicts: dict[str, bool | None] = {
        name: None if value is None else bool(value <= TARGETS[name]) for name, value in found.items()
    }
    return {
        **verdicts,
        "budget": report["exposures"]["active_beyond_budget"] == 0,
        "never_twice": report["seen_twice"] == 0,
    }
