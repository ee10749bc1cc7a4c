"""What the decisions reach together on simulated people. Fixed seeds; bounds loose by several errors."""

import numpy as np

from goldvein.domain.policy import Policy
from tests.decisions import crowd

# Many labelers share one small pool here; in a project, supply grows with the crowd.
POLICY = Policy(exposure_cap=10**6)


def test_clickers_do_not_get_through_and_honest_people_do() -> None:
    """Ten at 85% for five clickers: of 100 clickers at most 2 deliver more than one label, none over five."""
    rng = np.random.default_rng(21)
    world = crowd.mine(rng, POLICY, 60, n_trusted=5)
    kinds = ["honest"] * 200 + ["random"] * 34 + ["first"] * 33 + ["longest"] * 33

    outcome = crowd.run(rng, world, POLICY, kinds, [0.85] * 300, 150)

    handed_over = outcome.delivered + outcome.released
    assert (handed_over[200:] > 1).sum() <= 2
    assert handed_over[200:].max() <= 5
    assert outcome.dismissed[:200].sum() <= 1
    assert (outcome.delivered[:200] > 30).mean() > 0.9


def test_mixed_population_is_kept_clean() -> None:
    """The population of STATS C: nobody good is lost, and under 1% of what is handed over is bad."""
    rng = np.random.default_rng(22)
    world = crowd.mine(rng, POLICY, 300)
    kinds = ["honest"] * 140 + ["random"] * 20 + ["longest"] * 20 + ["first"] * 10 + ["sleeper"] * 10
    accuracies = rng.uniform(0.75, 0.95, len(kinds)).tolist()

    outcome = crowd.run(rng, world, POLICY, kinds, accuracies, 400)

    handed_over = outcome.delivered + outcome.released
    assert outcome.dismissed[:140].sum() <= 1
    assert outcome.delivered_bad.sum() / handed_over.sum() < 0.015
    assert outcome.benchmarks.sum() / (outcome.benchmarks.sum() + outcome.ordinary.sum()) < 0.2
    assert 1 - handed_over[:140].sum() / outcome.ordinary[:140].sum() < 0.05
    assert outcome.delivered_bad[190:].mean() < 80


def test_probabilities_mean_what_they_say() -> None:
    """Of labelers drawn from the model's own prior and given p, about that share is good."""
    rng = np.random.default_rng(23)
    world = crowd.mine(rng, POLICY, 40)
    model, n = world.model, 4000
    true = rng.choice(model.space.size, size=n, p=model.prior)
    items = rng.integers(len(world.tables), size=(n, 6))
    p = np.repeat(model.prior[:, None], n, axis=1)
    for column in items.T:
        # Answers drawn from the tables themselves; order unseen, so position clickers are random here.
        rows = np.array([world.tables[item][state] for item, state in zip(column, true, strict=True)])
        choices = (rng.random(n)[:, None] > rows.cumsum(axis=1)).sum(axis=1)
        p = p * np.array([world.tables[item][:, c] for item, c in zip(column, choices, strict=True)]).T
        p /= p.sum(axis=0)
    said, good = p[model.space.good].sum(axis=0), model.space.good[true]

    for low, high in ((0.0, 0.1), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.9, 1.0)):
        inside = (said >= low) & (said <= high)
        error = np.sqrt(0.25 / inside.sum())
        assert abs(said[inside].mean() - good[inside].mean()) < 3 * error
