"""How a pool of benchmarks comes about: tasks as they come, or screened as directed mining screens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goldvein.decisions.seeking import agrees_with, plentiful
from goldvein.domain.policy import Policy
from goldvein.sim.contest.items import Items, make_items
from goldvein.stats.states import DEFAULT_CONTENT_RULES

if TYPE_CHECKING:
    from goldvein.sim.contest.scenario import Scenario
    from goldvein.stats.arrays import IntArray

_MOST = 50


def directed_benchmarks(rng: np.random.Generator, scenario: Scenario) -> Items:
    """The benchmarks of a scenario whose mining is directed.

    Tasks come one after the other, each with the panel's first answer, which is the key that will be stored;
    the service's own decisions say which go back. ``longest_right`` and ``wrong_keys`` describe the stream.
    """
    policy, wanted = Policy.from_dict(scenario.policy), scenario.benchmarks
    stream = make_items(rng, scenario, _MOST * wanted, ordinary=False)
    counts = dict.fromkeys(DEFAULT_CONTENT_RULES, 0.0)
    kept: list[int] = []
    looked_at = 0
    while len(kept) < wanted and looked_at < len(stream):
        at, looked_at = looked_at, looked_at + 1
        picks = {rule: (int(stream.picks[rule][at]),) for rule in counts}
        key, active = int(stream.stored_key[at]), len(kept)
        put_back = at - active
        full = plentiful(counts, active, wanted, 1 / scenario.options, put_back, policy)
        if agrees_with(full, picks, key, scenario.options) is not None:
            continue
        kept.append(at)
        for rule in counts:
            counts[rule] += picks[rule][0] == key
    return _rows(stream, np.array(kept))


def _rows(items: Items, at: IntArray) -> Items:
    """Some of the items."""
    return Items(
        difficulty=items.difficulty[at],
        discrimination=items.discrimination[at],
        key=items.key[at],
        stored_key=items.stored_key[at],
        wrong=items.wrong[at],
        features={name: values[at] for name, values in items.features.items()},
        picks={rule: picks[at] for rule, picks in items.picks.items()},
        characters=items.characters[at],
    )
