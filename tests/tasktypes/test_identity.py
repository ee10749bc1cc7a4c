"""What counts as one content."""

from itertools import permutations

from goldvein.tasktypes.choice import content_identity


def test_the_order_of_options_makes_no_other_content() -> None:
    """Options are shown shuffled, so who met two orders of one task has met it twice."""
    options = ["red", "green", "blue"]
    found = {content_identity({"prompt": "sky?", "options": list(one)}) for one in permutations(options)}
    assert len(found) == 1


def test_any_other_difference_makes_another_content() -> None:
    """Another prompt, another option, or a field more."""
    task = {"prompt": "sky?", "options": ["red", "blue"]}
    others = [
        {**task, "prompt": "Sky?"},
        {**task, "options": ["red", "blu"]},
        {**task, "note": ""},
        {"prompt": "sky?", "options": ["red", "blue", "green"]},
    ]
    assert len({content_identity(one) for one in [task, *others]}) == 5
