"""Items: what is known of a benchmark, in the form in which it is stored and served."""

from __future__ import annotations

import numpy as np

from goldvein.domain.records import Project
from goldvein.stats.arrays import Array
from goldvein.stats.items import item_table
from goldvein.stats.model import Model
from goldvein.store.benchmarks import ItemVersion
from goldvein.store.tasks import Content
from goldvein.tasktypes import choice


def make_item(
    model: Model | None,
    project: Project,
    task: int,
    version: int,
    key_probs: Array,
    difficulty: Array,
    content: Content,
    *,
    wrong: Array | None = None,
    model_version: int | None = None,
) -> ItemVersion:
    """What is known of a benchmark, with its likelihoods once the project has a model.

    ``wrong`` says where wrong answers go, if that is learned; ``model_version`` that the model is not the
    project's present one.
    """
    key = int(np.argmax(key_probs))
    table = None
    if model is not None:
        rules = choice.rule_choices(content.input, project.classes, model.space.content_rules, content.rules)
        table = item_table(model, key_probs, difficulty, rules, wrong).tobytes()
    return ItemVersion(
        task, version, key, float(key_probs[key]), key_probs.tolist(), difficulty.tolist(),
        (model_version or project.model_version) if model is not None else None, table,
        None if wrong is None else wrong.tolist(),
    )  # fmt: skip
