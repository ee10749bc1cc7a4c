"""What can be seen of a task, before anybody has answered it, that bears on whether its answer is plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log
from typing import Any, Final

from goldvein.tasktypes import features

TRAITS: Final = ("lengths apart", "words apart", "options", "prompt", "rules at one", "rules silent")
"""How far the options' lengths differ, as a log ratio; share of words that two options do not have in common;
log count of options; log words of the prompt; share of the rules that pick something which pick the option
that most of them pick; share of the rules that find no difference to go by."""
_MOST_WORDS: Final = 400


def traits(
    content: Mapping[str, Any], classes: Sequence[str] | None, rules: Mapping[str, Sequence[int]]
) -> tuple[float, ...]:
    """Numbers that describe a task, named by ``TRAITS``; they cost some ten microseconds.

    Parameters
    ----------
    content : mapping
        A task's input.
    classes : sequence of str, optional
        The project's; its options are alike in every task, so that only the prompt tells tasks apart.
    rules : mapping of str to options
        What each content rule picks, as stored when the task was pushed.
    """
    prompt = log(1 + len(features.prompt_words(content)))
    if classes is not None:
        return (0.0, 0.0, log(len(classes)), prompt, 0.0, 0.0)
    options = [option[: 8 * _MOST_WORDS] for option in content["options"]]
    return (
        log((1 + max(map(len, options))) / (1 + min(map(len, options)))),
        _words_apart(options),
        log(len(options)),
        prompt,
        *_rules(rules, len(options)),
    )


def _words_apart(options: Sequence[str]) -> float:
    """One less the mean overlap of neighbours: shared words over all words."""
    sets = [frozenset(option.casefold().split()) for option in options]
    pairs = [(one, other) for one, other in pairwise(sets) if one or other]
    return 1 - sum(len(one & other) / len(one | other) for one, other in pairs) / len(pairs) if pairs else 0.0


def _rules(rules: Mapping[str, Sequence[int]], n_options: int) -> tuple[float, float]:
    spoken = [picked for picked in rules.values() if picked]
    if not spoken:
        return 0.0, 1.0 if rules else 0.0
    votes = [0.0] * n_options
    for picked in spoken:
        for option in picked:
            if option < n_options:
                votes[option] += 1 / len(picked)
    return max(votes) / len(spoken), 1 - len(spoken) / len(rules)
