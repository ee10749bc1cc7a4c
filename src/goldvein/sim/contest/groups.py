"""Kinds of simulated labelers, and the knobs that each kind has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldvein.sim.contest.knobs import Number, OneOf, Rule, ScenarioError, Span, Text, check_names, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldvein.sim.contest.knobs import Knob


@dataclass(frozen=True, slots=True)
class Group:
    """Labelers of one kind. Knobs that a kind does not have keep a value without effect.

    Attributes
    ----------
    kind : str
    share : float
        Share of the population.
    name : str
        How tables call the group: its rule for a shortcut, else its kind, unless the scenario says so.
    accuracy : (low, high)
        Mean accuracy on the benchmarks while doing the job (learned and rested), uniform between both. For a
        copier, that of the model whose answers it takes.
    learning, learning_answers : float
        Logits below its ability at which a newcomer starts; answers after which 63% of them are made up.
    fatigue, day : float
        Logits lost from the first to the last answer of a day; answers in a day.
    drift : float
        Standard deviation of the step that ability takes at each answer, logits.
    dissent, clusters : float, int
        Share of tasks on which the labeler's circle prefers another option; how many such circles.
    rule, lapse : str, float
        What a shortcut goes by; share of its answers that are any other option.
    after : (low, high)
        Honest answers before the change; each labeler draws its own, uniformly.
    becomes : str
        What it is when it does not do the job: ``random`` or a rule.
    guesses, spell : float
        Share of answers that are guessed; mean number of guessed answers in a row.
    ring : int
        How many colluders know of each other; 0: the whole group.
    leak_half : float
        Servings of a benchmark after which half of the leakers have heard of it.
    over : float
        Rate of benchmarks from which an adapter plays honest.
    speed, guess_speed : float
        Factor on the seconds of all answers; the same of guessed ones.
    """

    kind: str
    share: float
    name: str
    accuracy: tuple[float, float] = (0.75, 0.95)
    learning: float = 0.0
    learning_answers: float = 100.0
    fatigue: float = 0.0
    day: float = 200.0
    drift: float = 0.0
    dissent: float = 0.0
    clusters: int = 1
    rule: str = "longest"
    lapse: float = 0.03
    after: tuple[float, float] = (0.0, 0.0)
    becomes: str = "random"
    guesses: float = 0.0
    spell: float = 1.0
    ring: int = 0
    leak_half: float = 10.0
    over: float = 0.0
    speed: float = 1.0
    guess_speed: float = 1.0


KNOBS: Mapping[str, Knob] = {
    "kind": Text("honest"),
    "share": Number(0, 1, 0.1),
    "name": Text("night shift"),
    "accuracy": Span(0.05, 0.995, (0.75, 0.95)),
    "learning": Number(0, 5, 0.5),
    "learning_answers": Number(1, 1e6, 100),
    "fatigue": Number(0, 5, 0.5),
    "day": Number(2, 1e6, 200, whole=True),
    "drift": Number(0, 1, 0.01),
    "dissent": Number(0, 0.9, 0.1),
    "clusters": Number(1, 1_000, 2, whole=True),
    "rule": Rule(),
    "lapse": Number(0, 1, 0.03),
    "after": Span(0, 1e6, (50, 150)),
    "becomes": Rule(at_random=True),
    "guesses": Number(0, 1, 0.3),
    "spell": Number(1, 1e6, 20),
    "ring": Number(0, 1e6, 10, whole=True),
    "leak_half": Number(0.1, 1e6, 10),
    "over": Number(0, 1, 0.1),
    "speed": Number(0.01, 100, 0.3),
    "guess_speed": Number(0.01, 100, 0.2),
}
_ABILITY = ("accuracy", "learning", "learning_answers", "fatigue", "day", "drift", "dissent", "clusters")
_LEAVES = ("after", "becomes", "lapse")
KNOBS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "honest": _ABILITY,
    "random": (),
    "shortcut": ("rule", "lapse"),
    "sleeper": (*_ABILITY, *_LEAVES),
    "part-timer": (*_ABILITY, "guesses", "spell", "guess_speed"),
    "leaker": (*_ABILITY, *_LEAVES, "leak_half"),
    "colluder": (*_ABILITY, *_LEAVES, "ring"),
    "speeder": (*_ABILITY, "guesses", "spell", "guess_speed"),
    "copier": ("accuracy", "lapse"),
    "adapter": (*_ABILITY, "becomes", "lapse", "over"),
}
_DEFAULTS_OF_KIND: Mapping[str, Mapping[str, Any]] = {
    "part-timer": {"guesses": 0.3},
    "speeder": {"guesses": 0.5, "guess_speed": 0.2},
    "adapter": {"over": 0.1},
}
_NEEDED_OF_KIND = {"shortcut": ("rule",), "sleeper": ("after",)}
_OF_ALL = ("kind", "share", "name", "speed")


def read_group(where: str, values: Any, options: int) -> Group:
    """Read one ``[[labelers]]`` table.

    Parameters
    ----------
    where : str
        How errors call it, ``labelers[2]``.
    values : mapping
        As the file gives it.
    options : int
        K, which sets the accuracies that are possible.

    Raises
    ------
    ScenarioError
        If a knob is unknown to the kind, missing or out of its range.
    """
    given = table(where, values)
    for name in ("kind", "share"):
        if name not in given:
            raise ScenarioError(f"{where} has no {name}; write for instance {name} = {_EXAMPLES[name]}")
    kind = OneOf(tuple(KNOBS_OF_KIND)).read(f"{where}.kind", given["kind"])
    for name in _NEEDED_OF_KIND.get(kind, ()):
        if name not in given:
            raise ScenarioError(
                f"{where}, a {kind}, has no {name}; write for instance {name} = {_EXAMPLES[name]}"
            )
    check_names(f"{where}, a {kind}: ", given, (*_OF_ALL, *KNOBS_OF_KIND[kind]))
    read = {name: KNOBS[name].read(f"{where}.{name}", value) for name, value in given.items()}
    read.setdefault("name", read.get("rule", kind))
    group = Group(**{**_DEFAULTS_OF_KIND.get(kind, {}), **read})
    if "accuracy" in KNOBS_OF_KIND[kind]:
        _check_accuracy(where, group, options)
    return group


def _check_accuracy(where: str, group: Group, options: int) -> None:
    """Nobody who tries is worse than chance, nor agrees with the key where the circle dissents."""
    low, high = (1 - group.dissent) / options, 1 - group.dissent
    if not low < group.accuracy[0] <= group.accuracy[1] < high:
        raise ScenarioError(
            f"{where}.accuracy is {list(group.accuracy)}, but with {options} options and dissent = "
            f"{group.dissent:g} it must lie between {low:.3g} and {high:.3g}; "
            f"write for instance accuracy = [{0.3 * low + 0.7 * high:.2f}, {0.1 * low + 0.9 * high:.2f}]"
        )


_EXAMPLES = {"kind": '"honest"', "share": "0.1", "rule": '"longest"', "after": "100"}
