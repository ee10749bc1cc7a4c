"""Models: states around the bar, a proper prior, and storage to the last bit."""

import json

import pytest

from goldvein.stats.arrays import ShapeError
from goldvein.stats.model import Model
from goldvein.stats.posterior import newcomer
from goldvein.stats.states import make_space
from tests.stats import worlds


def test_model_survives_json_to_the_last_bit() -> None:
    """Stored models replay exactly."""
    model = worlds.model(hazard=1 / 3000, lapse=0.1 / 3)
    back = Model.from_dict(json.loads(json.dumps(model.to_dict())))

    assert (back.prior == model.prior).all()
    assert (back.space.thetas == model.space.thetas).all()
    assert (back.answers.difficulties == model.answers.difficulties).all()
    assert back.to_dict() == model.to_dict()


def test_bar_lies_midway_between_two_abilities() -> None:
    """Off the midpoint, false rejections jump."""
    space = make_space(-1.234)
    below, above = space.thetas[~space.good[:20]].max(), space.thetas[space.good[:20]].min()

    assert (below + above) / 2 == pytest.approx(-1.234)


def test_no_shortcut_is_good() -> None:
    """Whatever share of the benchmarks it gets right."""
    space = make_space(0.0, ["longest", "overlap"])

    assert not space.good[space.n_abilities :].any()
    assert space.names[-1] == "overlap"


def test_prior_is_a_distribution_with_enough_shortcuts() -> None:
    """Somewhat more than a quarter of newcomers is expected to follow a shortcut."""
    model = worlds.model()

    assert newcomer(model).sum() == pytest.approx(1.0)
    assert model.prior[model.space.n_abilities :].sum() == pytest.approx(0.28)


def test_rule_named_twice_is_refused() -> None:
    """Two states of the same name could not be told apart in the log."""
    with pytest.raises(ShapeError, match="twice"):
        make_space(0.0, ["first"])
