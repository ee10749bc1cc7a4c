"""Estimates beside those of girth and py-irt on the same answers, recorded by ``recorded/make_irt.py``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from goldvein.stats.estimation import AnswerLog, Benchmarks, estimate
from goldvein.stats.model import make_model
from tests.stats.answer_logs import simulate

if TYPE_CHECKING:
    from tests.stats.answer_logs import Truth

RECORD: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recorded" / "irt.json").read_text(encoding="utf-8")
)


def right_or_wrong(truth: Truth) -> tuple[AnswerLog, Benchmarks]:
    """What peers get: who was right on what. Which wrong option was chosen is drawn anew."""
    wrong = (truth.key[truth.log.item] + np.random.default_rng(1).integers(1, 4, size=len(truth.right))) % 4
    choice = np.where(truth.right, truth.key[truth.log.item], wrong)
    return (
        AnswerLog(truth.log.labeler, truth.log.item, choice),
        Benchmarks(np.eye(4)[truth.key], truth.benchmarks.n_options, {}),
    )


def correlations(truth: Truth, log: AnswerLog, benchmarks: Benchmarks) -> tuple[float, float]:
    model = make_model(-2.5)
    estimates = estimate(log, benchmarks, model)
    difficulty = estimates.difficulty_weights @ model.answers.difficulties
    able = estimates.posteriors[:, : model.space.n_abilities]
    ability = able @ model.space.thetas / able.sum(axis=1)
    honest = truth.honest
    return (
        float(np.corrcoef(difficulty, truth.difficulty)[0, 1]),
        float(np.corrcoef(ability[honest], truth.ability[honest])[0, 1]),
    )


@pytest.mark.parametrize("crowd", RECORD["crowds"])
def test_no_worse_than_peers_on_right_and_wrong(crowd: str) -> None:
    """From nothing but right and wrong, difficulties and abilities correlate with the truth as peers' do."""
    truth = simulate(**RECORD["crowds"][crowd], wrong_keys=0.0, discrimination_sd=0.3)
    difficulty, ability = correlations(truth, *right_or_wrong(truth))
    for peer in RECORD["peers"].values():
        assert difficulty > peer["crowds"][crowd]["difficulty_correlation"] - 0.01
        assert ability > peer["crowds"][crowd]["ability_correlation"] - 0.01


@pytest.mark.parametrize("crowd", ["shortcuts", "sparse"])
def test_better_than_peers_where_options_tell_shortcuts(crowd: str) -> None:
    """With the options chosen, 30% shortcuts no longer blur the items: ahead of every recorded peer."""
    truth = simulate(**RECORD["crowds"][crowd], wrong_keys=0.0, discrimination_sd=0.3)
    difficulty, ability = correlations(truth, truth.log, replace(truth.benchmarks, level=-2.5))
    for peer in RECORD["peers"].values():
        assert difficulty > peer["crowds"][crowd]["difficulty_correlation"] + 0.02
        assert ability > peer["crowds"][crowd]["ability_correlation"] - 0.01


def test_the_record_names_its_versions() -> None:
    """Every peer's rows say with which versions they were made."""
    for name, peer in RECORD["peers"].items():
        assert name in peer["versions"]
        assert peer["crowds"].keys() == RECORD["crowds"].keys()
