"""Features of options, the rules that they give, and a customer's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from goldvein.domain.errors import InvalidInput
from goldvein.tasktypes import choice, features
from goldvein.tasktypes.features import FEATURES, feature_of, own_features, picks, rules_of, text_features

CONTENT = {
    "prompt": "A fox met a heron by the river.",
    "options": [
        "The heron bowed to the fox by the river.",
        "Please, kind sir, thank you!",
        "It was a terrible, ugly day in 1887 and 1888; nobody came to see what had become of them all.",
        "What a lovely morning",
    ],
}


def test_each_feature_picks_the_options_that_have_most_and_least_of_it() -> None:
    """Each feature names the option that a person following it would take."""
    picked = choice.rule_choices(CONTENT, None)
    assert set(picked) == {rule for feature in FEATURES for rule in rules_of(feature)}
    assert picked["longest"] == (2,)
    assert picked["shortest"] == (3,)
    assert picked["most overlap"] == (0,)
    assert picked["most politeness"] == (1,)
    assert picked["most numbers"] == (2,)
    assert picked["least numbers"] == (0, 1, 3)
    assert picked["least sentiment"] == (2,)
    assert picked["most sentiment"] == (1, 3)
    assert picked["most punctuation"] == (1,)
    assert picked["least punctuation"] == (3,)


def test_a_rule_with_nothing_to_go_by_picks_none() -> None:
    """Options that are all alike in a feature give its rules nothing to pick."""
    assert picks({"x": [1, 1, 1]}) == {"most x": (), "least x": ()}


def test_only_the_rules_asked_for_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hot path that asks for one rule pays for one feature, and for none where it was stored."""
    asked: list[set[str]] = []

    def counting(content: dict[str, Any], names: set[str]) -> dict[str, Sequence[float]]:
        asked.append(set(names))
        return text_features(content, names)

    monkeypatch.setattr(features, "text_features", counting)
    assert choice.rule_choices(CONTENT, None, ["most overlap", "most unknown"]) == {"most overlap": (0,)}
    assert asked == [{"overlap"}]
    stored = {"most overlap": (3,), "most score": (1,), "longest": (2,)}
    wanted = ("most overlap", "most score")
    assert choice.rule_choices(CONTENT, None, wanted, stored) == {"most overlap": (3,), "most score": (1,)}
    assert asked == [{"overlap"}]


def test_classes_have_rules_of_their_own() -> None:
    """With classes, always the same inner class is a rule; features of text are none."""
    classes = ["a", "b", "c", "d"]
    assert choice.rule_choices({"text": "?"}, classes) == {"class 1": (1,), "class 2": (2,)}
    own = choice.all_rules({"text": "?"}, classes, {"features": {"score": [0.1, 0.2, 0.4, 0.3]}})
    assert own == {"most score": (2,), "least score": (0,)}
    assert choice.rule_choices({"text": "?"}, classes, ["class 2", "most score"], own) == {
        "class 2": (2,),
        "most score": (2,),
    }


def test_a_rule_names_its_feature() -> None:
    """From a rule's name one gets back to the feature, and from other names to none."""
    for feature in (*FEATURES, "my score"):
        assert {feature_of(rule) for rule in rules_of(feature)} == {feature}
    assert feature_of("class 1") is None
    assert feature_of("first") is None


def test_customers_bring_features_of_their_own() -> None:
    """Numbers given in metadata become rules beside the built-in ones."""
    rules = choice.all_rules(CONTENT, None, {"features": {"judge score": [0.1, 3, -2, 3]}, "note": "kept"})
    assert rules["most judge score"] == (1, 3)
    assert rules["least judge score"] == (2,)
    assert rules["longest"] == (2,)
    assert own_features({"note": 1}, 4) == own_features(None, 4) == {}


@pytest.mark.parametrize(
    ("given", "pointer", "says"),
    [
        ([1, 2], "/features", "at most 10 names"),
        ({f"f{n}": [1, 2, 3, 4] for n in range(11)}, "/features", "not 11 names"),
        ({"": [1, 2, 3, 4]}, "/features", "no name"),
        ({"a/b": [1, 2, 3, 4]}, "/features", "no name"),
        ({"x" * 41: [1, 2, 3, 4]}, "/features", "no name"),
        ({"length": [1, 2, 3, 4]}, "/features/length", "already"),
        ({"score": [1, 2, 3]}, "/features/score", "needs 4 numbers"),
        ({"score": "high"}, "/features/score", "not str"),
        ({"score": [1, 2, True, 4]}, "/features/score/2", "option 2"),
        ({"score": [1, 2, "3", 4]}, "/features/score/2", "finite number"),
        ({"score": [1, 2, 3, float("nan")]}, "/features/score/3", "finite number"),
        ({"score": [1, 2, 3, 10**400]}, "/features/score/3", "finite number"),
    ],
)
def test_features_that_break_a_rule_are_refused(given: Any, pointer: str, says: str) -> None:
    """What cannot be a feature is refused with the place, the value and the way out."""
    with pytest.raises(InvalidInput, match=says) as refused:
        own_features({"features": given}, 4)
    assert refused.value.code == "metadata_features_invalid"
    assert refused.value.facts["pointer"] == pointer
