"""Lessons: what each part of a model takes from a log, on logs whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from goldvein.domain.policy import Policy
from goldvein.domain.records import Project
from goldvein.services.accuracy import Candidates
from goldvein.services.learning import too_little
from goldvein.services.lessons import Learned, learn_leans, learn_solving, learn_time
from goldvein.services.material import Answers, Material, PanelAnswers
from goldvein.services.views import View
from goldvein.stats.model import Model, make_model
from tests.stats.worlds import BAR

Picks = Sequence[Mapping[str, Sequence[int]]]
NOW = datetime(2026, 1, 5, tzinfo=UTC)
LABELERS, EACH, OPTIONS = 40, 60, 4


def view(model: Model, classes: tuple[str, ...] | None = None) -> View:
    project = Project(
        1, 1, "p", "Pick.", "choice", classes, None, "open", 1, 1, 1, 0, 0, NOW, NOW
    )  # fmt: skip
    return View(project, Policy(), model, models={1: model})


def material(
    model: Model,
    ordinary: Answers,
    picks: Picks,
    classes: tuple[str, ...] | None = None,
) -> Material:
    """A log of ordinary answers, every task answered once."""
    n = len(picks)
    return Material(
        view(model, classes), {}, {}, frozenset(), np.arange(LABELERS), np.ones(LABELERS, bool), n,
        np.arange(n),
        np.full(n, OPTIONS if classes is None else len(classes)), np.full(n, 200), picks,
        answers(0), ordinary, PanelAnswers(*np.zeros((3, 0), np.int64)), Candidates([], []),
    )  # fmt: skip


def answers(n: int, **columns: Any) -> Answers:
    """N answers of equally busy labelers, who are good but where it is said."""
    base: dict[str, Any] = {
        "labeler": np.arange(n) * LABELERS // max(1, n),
        "n": np.arange(n) + 1,
        "task": np.arange(n),
        "choice": np.zeros(n, np.int64),
        "first": np.zeros(n, np.int64),
        "last": np.full(n, 3),
        "p_good": np.ones(n),
        "seconds": np.full(n, np.nan),
        "exposures": np.zeros(n, np.int64),
    }
    return Answers(**{**base, **columns})


@pytest.fixture
def model() -> Model:
    return make_model(BAR)


def test_leanings_of_good_labelers_are_found_and_those_of_others_left_out(model: Model) -> None:
    """Good people take the longest option three times as often as another; others' habits do not count."""
    rng = np.random.default_rng(3)
    n = LABELERS * EACH
    longest = rng.integers(OPTIONS, size=n)
    good = np.arange(n) % 4 > 0
    leans = np.where(good, rng.random(n) < 0.5, True)
    other = (longest + rng.integers(1, OPTIONS, size=n)) % OPTIONS
    learned = Learned(model)
    given = answers(n, choice=np.where(leans, longest, other), p_good=good.astype(float))
    learn_leans(learned, material(model, given, [{"longest": (int(one),)} for one in longest]))
    assert 2.5 < learned.model.leans["longest"] < 3.6
    assert learned.model.leans["shortest"] == pytest.approx(1, abs=0.01)
    few = Learned(model)
    learn_leans(few, material(model, answers(100), [{}] * 100))
    assert few.model is model
    assert "too few" in few.unchanged["leans"]


def test_classes_lean_by_how_often_good_labelers_pick_them() -> None:
    """In a fixed order the positions are classes too: each gets its odds."""
    model = make_model(BAR, content_rules=("class 1",))
    rng = np.random.default_rng(4)
    n = LABELERS * EACH
    picked = rng.choice(3, size=n, p=[0.6, 0.3, 0.1])
    learned = Learned(model)
    ends = {"first": (0,), "class 1": (1,), "last": (2,)}
    learn_leans(learned, material(model, answers(n, choice=picked), [ends] * n, ("a", "b", "c")))
    odds = learned.model.leans
    assert odds["first"] / odds["last"] == pytest.approx(6, rel=0.15)
    assert odds["class 1"] / odds["last"] == pytest.approx(3, rel=0.15)


def test_times_tell_guesses_from_work_only_where_they_come_apart(model: Model) -> None:
    """Guessers who take a second for what others read for ten are told; alike times teach nothing."""
    rng = np.random.default_rng(5)
    n = LABELERS * EACH
    guessing = np.arange(n) * LABELERS // n % 4 == 0
    seconds = 12 * np.exp(0.4 * rng.standard_normal(n))
    quick = np.where(guessing, 1.0 * np.exp(0.3 * rng.standard_normal(n)), seconds)
    picks: Picks = [{}] * n
    told, alike = Learned(model), Learned(model)
    p_good = np.where(guessing, 0.01, 0.99)
    learn_time(told, material(model, answers(n, seconds=quick, p_good=p_good), picks))
    rapid = told.model.rapid
    assert rapid is not None
    assert 1.5 < rapid.base_seconds + 200 * rapid.seconds_per_character < 8
    assert rapid.share_guessing > 4 * rapid.share_solving
    learn_time(alike, material(model, answers(n, seconds=seconds, p_good=p_good), picks))
    assert alike.model.rapid is None
    assert "do not tell" in alike.unchanged["rapid"]
    unlearned = Learned(told.model)
    learn_time(unlearned, material(model, answers(n, seconds=seconds, p_good=p_good), picks))
    assert unlearned.model.rapid is None
    assert unlearned.changed["rapid"][1] is None


def test_hard_ordinary_tasks_let_able_people_stand_out_less(model: Model) -> None:
    """Where panels disagree on most tasks, a low ability solves less of what a good one does."""
    picks: Picks = []
    easy, hard = Learned(model), Learned(model)
    base = material(model, answers(0), picks)
    learn_solving(easy, replace(base, mined=Candidates([4] * 60, [[1] * 5] * 60)))
    learn_solving(hard, replace(base, mined=Candidates([4] * 60, [[0, 1, 2, 1, 3]] * 60)))
    assert easy.changed["ordinary_difficulty"][1] < hard.changed["ordinary_difficulty"][1]
    low = 4
    assert easy.model.solving[low] > hard.model.solving[low]
    none = Learned(model)
    learn_solving(none, base)
    assert none.model is model


def test_a_small_log_teaches_nothing(model: Model) -> None:
    """Answers, people and benchmarks are each counted, and the first that is missing is named."""
    base = material(model, answers(0), [])
    assert "0 answers to benchmarks" in (too_little(base) or "")
    one = answers(400, labeler=np.zeros(400, np.int64))
    assert "1 labelers" in (too_little(replace(base, benchmark=one)) or "")
    same = answers(400, task=np.zeros(400, np.int64))
    assert "1 benchmarks" in (too_little(replace(base, benchmark=same)) or "")
    assert too_little(replace(base, benchmark=answers(400))) is None


def test_leans_belong_to_the_model_that_learned_them(model: Model) -> None:
    """What was learned replaces what was there: odds of one fit are not mixed with those of another."""
    before = replace(model, leans=MappingProxyType({"longest": 9.0, "gone": 2.0}))
    n = LABELERS * EACH
    rng = np.random.default_rng(6)
    learned = Learned(before)
    learn_leans(learned, material(before, answers(n, choice=rng.integers(4, size=n)), [{}] * n))
    assert set(learned.model.leans) == {"longest", "shortest"}
