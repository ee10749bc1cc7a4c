"""Rings of colluders: what they infer follows exposures and decoys, and what they deliver is bounded."""

import numpy as np

from goldvein.sim.attack.ring import damage, play_ring, pooled, ring_scenario
from goldvein.sim.contest import player


def test_nobody_is_shown_a_content_twice_and_decoys_go_to_one_other_person() -> None:
    """Of every content, a labeler has one serving; an ordinary task has two at most, the second a decoy."""
    played = play_ring(ring_scenario(0, "at once", policy={"decoy_share": 0.1}, answers=120), seed=1)
    pairs = np.stack([played.who, played.content])
    assert len(np.unique(pairs, axis=1).T) == len(played.who)
    times = np.bincount(played.content)[played.n_benchmarks :]
    assert times.max() == 2
    decoys = int((played.record.fate == player.DECOY).sum())
    assert decoys == int((times == 2).sum()) > 200


def test_decoys_and_low_budgets_blur_what_a_ring_infers() -> None:
    """Without decoys two sightings are certainty; with them precision falls, and more at lower budgets."""
    found = {}
    for budget, share in ((200, 0.0), (200, 0.1), (15, 0.1)):
        policy = {"exposure_budget": budget, "exposure_cap": min(budget, 100), "decoy_share": share}
        played = play_ring(ring_scenario(0, "at once", policy=policy, answers=200), seed=2)
        assert played.most_exposed <= budget
        found[budget, share] = pooled(played, 5, seed=3)
    assert found[200, 0.0]["precision"] == 1.0
    assert found[15, 0.1]["precision"] < found[200, 0.1]["precision"] < 1.0
    assert found[15, 0.1]["recall"] < found[200, 0.1]["recall"]


def test_a_ring_of_five_in_two_hundred_delivers_next_to_nothing_while_bad() -> None:
    """At once, or after honest work: at most 2% of delivered labels, at 15% of checked work."""
    for line in damage([1], (5,), answers=400):
        assert line["bad_share"] <= 0.02, line
        assert line["checked"] <= 0.15, line
        assert line["dismissed"] >= 0.6, line
