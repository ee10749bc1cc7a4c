"""Record what girth and py-irt estimate from simulated answers, for ``test_irt_peers.py``.

Neither is a dependency. In a throw-away environment with one of them and numpy:

    pip install girth==0.8.0        # or: py-irt==0.7.1
    PYTHONPATH=src:. python -m tests.stats.recorded.make_irt girth|py-irt

Each run replaces its own rows in ``irt.json`` and leaves the others. The data are made by
``tests.stats.answer_logs.simulate`` from the seed in each crowd; peers get them as right or wrong.
"""

from __future__ import annotations

import json
import platform
import sys
from contextlib import redirect_stdout
from importlib import import_module, metadata
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.stats.answer_logs import Truth, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from goldvein.stats.arrays import Array

RECORD = Path(__file__).with_name("irt.json")
CROWDS: dict[str, dict[str, Any]] = {
    "honest": {"seed": 7, "labelers": 1000, "items": 300, "each": 60, "shortcuts": 0.0},
    "shortcuts": {"seed": 8, "labelers": 1000, "items": 300, "each": 60, "shortcuts": 0.3},
    "sparse": {"seed": 9, "labelers": 200, "items": 400, "each": 60, "shortcuts": 0.3},
}


def crowd(name: str) -> Truth:
    return simulate(**CROWDS[name], wrong_keys=0.0, discrimination_sd=0.3)


def girth(truth: Truth) -> tuple[Array, Array]:
    """Rasch model by marginal maximum likelihood; abilities by expectation a posteriori."""
    lib = import_module("girth")
    people, items = int(truth.log.labeler.max()) + 1, len(truth.key)
    matrix = np.full((items, people), lib.INVALID_RESPONSE, dtype=int)
    matrix[truth.log.item, truth.log.labeler] = truth.right
    matrix = lib.tag_missing_data(matrix, [0, 1])
    difficulty = np.asarray(lib.rasch_mml(matrix)["Difficulty"])
    return difficulty, np.asarray(lib.ability_eap(matrix, difficulty, np.ones(items)))


def py_irt(truth: Truth) -> tuple[Array, Array]:
    """One-parameter model by variational inference, vague priors."""
    people, items = int(truth.log.labeler.max()) + 1, len(truth.key)
    rows: list[dict[str, Any]] = [{"subject_id": f"s{j}", "responses": {}} for j in range(people)]
    for j, i, right in zip(truth.log.labeler, truth.log.item, truth.right, strict=True):
        rows[j]["responses"][f"i{i}"] = int(right)
    config = import_module("py_irt.config").IrtConfig(
        model_type="1pl", priors="vague", epochs=1000, lr=0.1, lr_decay=0.9999, seed=1
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answers.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        data = import_module("py_irt.dataset").Dataset.from_jsonlines(path)
        trainer = import_module("py_irt.training").IrtModelTrainer(
            config=config, data_path=path, dataset=data, verbose=False
        )
    trainer.train(device="cpu")
    best = trainer.best_params
    difficulty, ability = np.empty(items), np.empty(people)
    for place, name in best["item_ids"].items():
        difficulty[int(name[1:])] = best["diff"][int(place)]
    for place, name in best["subject_ids"].items():
        ability[int(name[1:])] = best["ability"][int(place)]
    return difficulty, ability


def measured(run: Callable[[Truth], tuple[Array, Array]], truth: Truth) -> dict[str, float]:
    """Correlations with the truth, and seconds of process CPU."""
    with redirect_stdout(StringIO()):
        run(crowd("sparse"))  # imports and warm-up do not count
        start = process_time()
        difficulty, ability = run(truth)
    seconds, honest = process_time() - start, truth.honest
    return {
        "difficulty_correlation": round(float(np.corrcoef(difficulty, truth.difficulty)[0, 1]), 4),
        "ability_correlation": round(float(np.corrcoef(ability[honest], truth.ability[honest])[0, 1]), 4),
        "cpu_seconds": round(seconds, 2),
    }


def main() -> None:
    name = sys.argv[1]
    run = {"girth": girth, "py-irt": py_irt}[name]
    method = {"girth": "rasch_mml + ability_eap", "py-irt": "1pl, vague, 1000 epochs"}[name]
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {"peers": {}}
    packages = [name, "numpy", *(["torch", "pyro-ppl"] if name == "py-irt" else ["scipy"])]
    record["crowds"] = CROWDS
    record["peers"][name] = {
        "method": method,
        "python": platform.python_version(),
        "versions": {package: metadata.version(package) for package in packages},
        "crowds": {each: measured(run, crowd(each)) for each in CROWDS},
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(record["peers"][name], indent=1) + "\n")


if __name__ == "__main__":
    main()
