"""A small generator of tasks for a descriptiveness project: four continuations, of which one describes most.

Truth is by construction: the right continuation holds more concrete details (adjectives, sensory words,
things named) than any other. Length follows truth on a share of the tasks only, so that a labeler who picks
the longest option does well on most tasks and badly on the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

INSTRUCTION = "Read the beginning of a story. Which continuation is the most descriptive?"
"""The instruction of a descriptiveness project."""

_WHO = (
    "Marta", "the old ferryman", "a boy with a kite", "Jonas", "the baker", "my aunt", "the night nurse",
    "Ines", "a tired courier", "the lighthouse keeper", "Tomasz", "the youngest sister",
    "a retired teacher", "the gardener", "Noor", "the train conductor", "a street musician", "Elias",
    "the watchmaker", "the new tenant",
)  # fmt: skip
_DID = (
    "walked into", "came back to", "waited in", "stopped at the door of", "looked around",
    "spent the evening in", "hurried through", "rested for a moment in", "had never before seen",
    "was alone in",
)  # fmt: skip
_WHERE = (
    "the kitchen", "the harbour", "the market hall", "the attic", "the railway station", "the orchard",
    "the library", "the workshop", "the courtyard", "the greenhouse", "the theatre", "the cellar",
    "the chapel", "the bakery", "the boathouse", "the waiting room", "the garden", "the tavern",
    "the schoolroom", "the laundry",
)  # fmt: skip
_WHEN = (
    "before sunrise", "on the first day of winter", "after the storm", "late on a Sunday",
    "while the others slept", "at the end of the harvest", "shortly before noon", "on a day in March",
    "when the power failed", "an hour too early", "for the last time", "as the fair was closing",
)  # fmt: skip
_ADJECTIVES = (
    "cracked", "copper-coloured", "narrow", "dusty", "moss-green", "faded", "polished", "crooked", "velvet",
    "rusty", "pale yellow", "damp", "glistening", "tattered", "ink-black", "silver", "splintered",
    "honey-coloured", "frosted", "worn", "crimson", "hollow", "smoky", "striped",
)  # fmt: skip
_THINGS = (
    "lantern", "curtain", "teapot", "ladder", "basket of pears", "window frame", "wool blanket",
    "stone step", "pair of boots", "birdcage", "clock face", "rope", "bench", "row of jars", "mirror",
    "umbrella", "loaf of bread", "door hinge", "coat", "brass key", "tin bucket", "oil painting",
    "piano stool", "wooden crate",
)  # fmt: skip
_SENSES = (
    "smelled of wet wood", "creaked like an old ship", "felt cold as river water", "hummed with bees",
    "tasted of salt and smoke", "glowed in the slanting light", "rustled with every draught",
    "smelled of burnt sugar", "clinked against the glass", "felt rough as bark", "shimmered in the heat",
    "echoed with slow footsteps", "dripped onto the tiles", "smelled of oranges and dust",
    "rang with distant bells", "steamed in the cold air",
)  # fmt: skip
_PLACES = (
    "beside the door", "under the low ceiling", "on the far wall", "near the stove", "behind the counter",
    "along the floorboards", "in the corner", "above the sink", "between two chairs", "below the stairs",
)  # fmt: skip
_PLAIN = (
    "It was all right there", "Things went on as usual", "It took some time", "Nothing much happened",
    "That was how it was", "It was like any other place", "There was something there",
    "It was a thing to see", "One could stay for a while", "It was good to be there",
)  # fmt: skip
_FILLERS = (
    "as it had been before and as it would probably be again",
    "and there was not really anything more to say about it",
    "which is how such things tend to go for most people most of the time",
    "and after a while it was more or less the same as it had been",
    "although it might also have been different in one way or another",
    "and that was that, or at least it seemed to be so at the time",
    "so that in the end it did not matter very much either way",
    "and everybody knew about it, or could have known if they had asked",
    "because that is what usually happens when something like this happens",
    "and it went on like that until it was time to do something else",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A generated task: its content, the right option, and what a simulated reader needs to know."""

    prompt: str
    options: tuple[str, ...]
    truth: int
    near: int
    ease: float
    longest_is_truth: bool

    def input(self) -> dict[str, Any]:
        """Content of the task as a customer pushes it."""
        return {"prompt": self.prompt, "options": list(self.options)}


def texts(count: int, rng: np.random.Generator, *, longest_right: float = 0.85) -> Iterator[Text]:
    """Generate ``count`` tasks, no two alike.

    Parameters
    ----------
    count : int
        How many tasks.
    rng : numpy.random.Generator
        Source of all choices: the same state gives the same texts.
    longest_right : float
        Share of the tasks on which the longest continuation is the right one.
    """
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while len(seen) < count:
        text = _text(rng, longest_is_truth=bool(rng.random() < longest_right))
        identity = (text.prompt, text.options)
        if identity not in seen:
            seen.add(identity)
            yield text


def _text(rng: np.random.Generator, *, longest_is_truth: bool) -> Text:
    """Build one task: four numbers of details, four sentences, and lengths as asked for."""
    prompt = beginning(rng)
    best = int(rng.integers(3, 6))
    details = [best, int(rng.integers(1, best)), int(rng.integers(0, 2)), 0]
    options = [continuation(number, rng) for number in details]
    while len(set(options)) < 4:
        options[3] = continuation(0, rng)
    if longest_is_truth:
        while len(options[0]) <= max(map(len, options[1:])):
            details[0] += 1
            options[0] = continuation(details[0], rng)
    else:
        padded = int(rng.integers(2, 4))
        while len(options[padded]) <= max(len(option) for option in options if option is not options[padded]):
            options[padded] = padded_out(options[padded], rng)
    order = rng.permutation(4)
    return Text(
        prompt=prompt,
        options=tuple(options[int(place)] for place in order),
        truth=int(list(order).index(0)),
        near=int(list(order).index(1)),
        ease=ease(details[0] - details[1]),
        longest_is_truth=longest_is_truth,
    )


def beginning(rng: np.random.Generator) -> str:
    """Begin a story."""
    who, did, where, when = (_pick(words, rng) for words in (_WHO, _DID, _WHERE, _WHEN))
    return f"{who[0].upper()}{who[1:]} {did} {where} {when}."


def ease(lead: int) -> float:
    """How easy a task is to a careful reader, in logits, by the details that truth leads by."""
    return 0.5 * lead - 0.75


def continuation(details: int, rng: np.random.Generator) -> str:
    """Write sentences that hold this many details, or a plain one for none."""
    if details == 0:
        return f"{_pick(_PLAIN, rng)}."
    things = [str(thing) for thing in rng.choice(_THINGS, size=details, replace=details > len(_THINGS))]
    adjectives = [
        str(word) for word in rng.choice(_ADJECTIVES, size=details, replace=details > len(_ADJECTIVES))
    ]
    sentences = []
    for thing, adjective in zip(things, adjectives, strict=True):
        if rng.random() < 0.5:
            sentences.append(f"The {adjective} {thing} {_pick(_SENSES, rng)}.")
        else:
            article = "An" if adjective[0] in "aeiou" else "A"
            sentences.append(f"{article} {adjective} {thing} stood {_pick(_PLACES, rng)}.")
    return " ".join(sentences)


def padded_out(option: str, rng: np.random.Generator) -> str:
    """Make an option longer without describing anything."""
    return f"{option.removesuffix('.')}, {_pick(_FILLERS, rng)}."


def _pick(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
