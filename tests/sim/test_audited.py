"""Audits on populations whose truth is known: intervals hold it, and a design needs fewer than chance."""

from __future__ import annotations

import numpy as np

from goldvein.sim.audited import FLAWS, at_random, by_boundary, make_world


def test_intervals_hold_the_truth_whatever_is_wrong_with_the_filter() -> None:
    """Nine of ten do; of 20, fewer than 13 in one run of ten thousand."""
    held = 0
    for seed in range(10):
        world = make_world(np.random.default_rng([seed, 1]), FLAWS[seed % len(FLAWS)], size=400)
        errors = by_boundary(np.random.default_rng([seed, 2]), world, 30, 12)
        held += errors.bad_delivering.low <= errors.bad_truly <= errors.bad_delivering.high
        held += errors.good_kept_out.low <= errors.good_truly <= errors.good_kept_out.high
    assert held >= 13


def test_a_design_is_narrower_than_chance() -> None:
    """With as many audits both intervals together are narrower, over some populations."""
    widths = []
    for seed in range(4):
        world = make_world(np.random.default_rng([seed, 3]), "none", size=500)
        pair = []
        for way in (by_boundary, at_random):
            found = way(np.random.default_rng([seed, 4]), world, 30, 12)
            both = (found.bad_delivering, found.good_kept_out)
            pair.append(sum(np.log(one.high - one.low + 1e-3) for one in both))
        widths.append(pair)
    designed, random = np.mean(widths, axis=0)
    assert designed < random
