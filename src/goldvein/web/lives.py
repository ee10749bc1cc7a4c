"""The life of a benchmark in words: what the log says, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from goldvein.domain.records import UNANSWERABLE
from goldvein.store.curated import Step

DONE: Final[Mapping[str, str]] = {
    "key": "The key is another one now. Standings that the old one touched are computed anew within seconds.",
    "confirm": "Confirmed: the benchmark is in use, and its key is believed more.",
    "freeze": "Frozen: nobody is tested with it until somebody confirms it or gives it another key.",
    "retire": "Retired: nobody is tested with it any more.",
}
"""What was done, by the action."""
_VERDICTS: Final = {
    "confirmed": "an auditor, answering blindly, picked the key",
    "rekeyed": "an auditor, answering blindly, picked another option",
    "ambiguous": "an auditor found no clear answer",
    "comment": "an auditor commented",
}
_LONG: Final = 40
_BY: Final = {"panel": "people's answers", "manual": "somebody by hand", "auditor": "an auditor"}
_MADE: Final = {"manual": "given by hand", "reused": "carried from another project"}


def step_words(step: Step, options: Sequence[str]) -> str:
    """Say what happened in one step; options count from 1, as people do."""
    detail, why = step.detail or {}, step.decision
    match step.kind:
        case "promote":
            made = _MADE.get(why or "", "promoted by what the panel said")
            return f"became a benchmark, {made}; the key is {_option(step.choice, options)}"
        case "key":
            return _key(step, detail, options)
        case "freeze":
            return f"frozen: {why}"
        case "thaw":
            return f"in use again: {why}"
        case "retire":
            return f"retired: {why}"
        case "flag":
            return "in doubt no more" if detail.get("ended") else f"in doubt: {why}"
        case "audit":
            said = _VERDICTS.get(why or "", why or "")
            return said + (f": \u201c{detail['comment']}\u201d" if detail.get("comment") else "")
        case "dispute":
            return f"a labeler disputed it: \u201c{detail.get('reason', '')}\u201d"
        case "candidate":
            return "went to the panel"
        case "drop":
            return f"given up by the panel{f': {why}' if why else ''}"
        case "cancel":
            return "its task was cancelled"
        case _:
            return f"{step.kind}{f': {why}' if why else ''}"


def _key(step: Step, detail: Mapping[str, Any], options: Sequence[str]) -> str:
    by = _BY.get(str(detail.get("basis")), "somebody")
    sure = f", believed at {100 * detail['key_right']:.1f}%" if "key_right" in detail else ""
    if detail.get("before") == step.choice:
        return f"key confirmed by {by}{sure} ({step.decision})"
    before = _option(detail.get("before"), options)
    return f"key changed by {by} from {before} to {_option(step.choice, options)}{sure} ({step.decision})"


def _option(option: int | None, options: Sequence[str]) -> str:
    if option is None:
        return "unknown"
    if option == UNANSWERABLE:
        return "\u201ccannot be answered\u201d"
    text = options[option] if 0 <= option < len(options) else ""
    short = text if len(text) <= _LONG else text[:_LONG] + "\u2026"
    return f"option {option + 1}" + (f" (\u201c{short}\u201d)" if short else "")
