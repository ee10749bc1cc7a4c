"""Policies: defaults that work, errors that say what to do."""

import json

import pytest

from goldvein.domain.policy import Policy, PolicyError


def test_policy_survives_json() -> None:
    """Stored policies come back equal."""
    policy = Policy(quality_bar=0.8, deliver_at=0.97, suspect_below=0.93, hazard_floor=0.002)

    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


def test_missing_values_are_defaults_and_whole_numbers_do() -> None:
    """JSON writes 1 for 1.0."""
    policy = Policy.from_dict({"rate_ceiling": 1, "max_held": 5.0})

    assert policy.rate_ceiling == 1.0
    assert isinstance(policy.rate_ceiling, float)
    assert policy.max_held == 5
    assert isinstance(policy.max_held, int)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quality_bra": 0.7}, "unknown policy value 'quality_bra'"),
        ({"quality_bar": 1.7}, "quality_bar is 1.7, but must lie between"),
        ({"quality_bar": "high"}, "must be a number"),
        ({"quality_bar": True}, "must be a number"),
        ({"max_held": 1.5}, "whole number"),
        ({"deliver_at": float("nan")}, "deliver_at is nan"),
        ({"suspect_below": 0.4}, "suspect_below is 0.4, but must lie between 0.5 and 0.9999"),
        ({"suspect_below": 1.0}, "suspect_below is 1.0"),
        ({"hazard_floor": 0.2}, "hazard_floor is 0.2, but must lie between 0.0 and 0.1"),
        ({"rate_slope": -1.0}, "rate_slope is -1.0"),
        ({"rate_floor": 0.9}, "lower rate_floor or raise rate_ceiling"),
        ({"best_of": 30}, "lower best_of or raise candidates_drawn"),
        ({"min_benchmarks": 0}, "min_benchmarks is 0"),
    ],
)
def test_bad_policies_are_refused(values: dict[str, object], message: str) -> None:
    """The message names value, rule and way out."""
    with pytest.raises(PolicyError, match=message):
        Policy.from_dict(values)
