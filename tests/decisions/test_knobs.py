"""Knobs: each is described, within the range that the policy holds it to."""

import dataclasses

import pytest

from goldvein.domain.knobs import GROUPS, KNOBS, Knob
from goldvein.domain.policy import Policy, PolicyError


def test_every_knob_is_described_once_in_the_policys_order() -> None:
    """Who adds a knob says what it means."""
    names = [knob.name for group in GROUPS for knob in group.knobs]
    assert names == [field.name for field in dataclasses.fields(Policy)]
    assert all(knob.meaning.endswith(".") for knob in KNOBS.values())


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
def test_a_range_is_the_policys(knob: Knob) -> None:
    """What lies beyond what is said to be allowed is refused, by its name."""
    assert knob.least <= knob.default <= knob.most
    step = 1 if isinstance(knob.default, int) else 1e-6
    for beyond in (knob.least - step, knob.most + step):
        with pytest.raises(PolicyError, match=f"{knob.name} is"):
            Policy.from_dict({knob.name: beyond})
