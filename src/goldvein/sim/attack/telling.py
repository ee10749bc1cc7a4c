"""How well features tell two classes apart: cross-validated, by the stronger of two learners."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goldvein.stats.arrays import Array, BoolArray, IntArray

FOLDS = 5
RESAMPLES = 200
_FEW_VALUES = 40


class LearnersMissingError(InvalidInput):
    """The library of learners is not installed."""

    code = "extra_missing"


def check_learners() -> None:
    """Say what to install before anything is run.

    Raises
    ------
    LearnersMissingError
        If scikit-learn is missing.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise LearnersMissingError(
            "the attack learns with scikit-learn, which is not installed: pip install 'goldvein[attack]'"
        ) from error


@dataclass(frozen=True, slots=True)
class Telling:
    """How well one class was told from the other.

    Attributes
    ----------
    auc, low, high : float
        Area under the curve of the stronger learner, and its 95% interval from resampling groups.
    learner : str
    learners : mapping of str
        The area by each learner.
    positives, negatives : int
    """

    auc: float
    low: float
    high: float
    learner: str
    learners: dict[str, float]
    positives: int
    negatives: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def tell(features: Array, is_positive: BoolArray, groups: IntArray, seed: int = 0) -> Telling | None:
    """Learn on some groups, tell in the others; None where there are too few of either class.

    Parameters
    ----------
    features : (n, m) float
        May hold NaN; a sparse matrix is fine.
    is_positive : (n,) bool
    groups : (n,) int
        What must not stand on both sides of a fold: labelers, or tasks.
    seed : int
    """
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if min(positives, negatives) < 4 * FOLDS or len(np.unique(groups)) < FOLDS:
        return None
    scores = {
        name: _out_of_fold(name, features, is_positive, groups, seed) for name in ("logistic", "boosting")
    }
    found = {name: _area(one[0], is_positive, one[1]) for name, one in scores.items()}
    best = max(found, key=lambda name: found[name])
    low, high = _interval(*scores[best], is_positive, groups, seed)
    return Telling(found[best], low, high, best, found, positives, negatives)


def leading(
    features: Array, names: Sequence[str], is_positive: BoolArray, count: int = 8
) -> list[dict[str, Any]]:
    """Columns that tell most, each alone: where to look for the cause of a tell."""
    from sklearn.metrics import roc_auc_score

    alone: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        column = np.nan_to_num(features[:, place], nan=-1e9)
        if column.std() > 0:
            auc = float(roc_auc_score(is_positive, column))
            alone.append({"feature": name, "auc": max(auc, 1 - auc)})
    return sorted(alone, key=lambda one: -float(one["auc"]))[:count]


def certain(
    features: Array, names: Sequence[str], is_positive: BoolArray, alpha: float = 0.001
) -> list[dict[str, Any]]:
    """Columns of few values whose rare values go with one class: what an area hardly shows.

    A status that only benchmarks bring, once in 300 tasks, moves the area by a thousandth, and yet convicts
    whenever it is seen. Each value is tested exactly (hypergeometric, two-sided), for as many as are tried.
    What only the first tasks bring is named too: newcomers are tested more, and that is no leak.
    """
    from scipy.stats import hypergeom

    n, positives = len(is_positive), int(is_positive.sum())
    tried: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        values, counts = np.unique(features[:, place], return_counts=True)
        if not 1 < len(values) <= _FEW_VALUES:
            continue
        commonest = counts.argmax()  # its rows are all that no rarer value has
        rare = np.arange(len(values)) != commonest
        for value, count in zip(values[rare].tolist(), counts[rare].tolist(), strict=True):
            both = int((is_positive & (features[:, place] == value)).sum())
            law = hypergeom(n, positives, count)
            p = min(1.0, 2 * min(float(law.cdf(both)), float(law.sf(both - 1))))
            tried.append({"feature": name, "value": value, "rows": count, "benchmarks": both, "p": p})
    for one in tried:
        one["p"] = min(1.0, one["p"] * len(tried))
    return sorted((one for one in tried if one["p"] < alpha), key=lambda one: float(one["p"]))


def _learner(name: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "boosting":
        return HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=40, l2_regularization=1.0,
            early_stopping=False, random_state=seed,
        )  # fmt: skip
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.02, max_iter=500),
    )


def _out_of_fold(
    name: str, features: Array, is_positive: BoolArray, groups: IntArray, seed: int
) -> tuple[Array, IntArray]:
    """Scores by learners that saw nothing of the row's group, and the fold of each row."""
    from sklearn.model_selection import StratifiedGroupKFold

    scores, fold = np.zeros(len(is_positive)), np.full(len(is_positive), -1)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(folds.split(features, is_positive, groups)):
        if not 0 < is_positive[train].sum() < len(train):
            continue
        learned = _learner(name, seed).fit(features[train], is_positive[train])
        scores[test], fold[test] = learned.predict_proba(features[test])[:, 1], number
    return scores, fold


def _area(scores: Array, is_positive: BoolArray, fold: IntArray) -> float:
    """Area under the curve within folds, weighted by pairs: scores of two folds have no common scale."""
    from sklearn.metrics import roc_auc_score

    total = pairs = 0.0
    for number in np.unique(fold[fold >= 0]):
        mine = fold == number
        weight = float(is_positive[mine].sum()) * float((~is_positive[mine]).sum())
        if weight:
            total += weight * float(roc_auc_score(is_positive[mine], scores[mine]))
            pairs += weight
    return total / pairs if pairs else 0.5


def _interval(
    scores: Array, fold: IntArray, is_positive: BoolArray, groups: IntArray, seed: int
) -> tuple[float, float]:
    """95% interval by resampling whole groups within each fold; rows of small groups count as their own."""
    rng = np.random.default_rng(seed)
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)
    members = np.split(order, starts[1:])
    fold_of = np.array([fold[rows[0]] for rows in members])
    areas = []
    for _ in range(RESAMPLES):
        picked = np.concatenate(
            [
                rng.choice(np.flatnonzero(fold_of == number), size=(fold_of == number).sum())
                for number in np.unique(fold_of)
            ]
        )
        rows = np.concatenate([members[place] for place in picked])
        areas.append(_area(scores[rows], is_positive[rows], fold[rows]))
    return float(np.quantile(areas, 0.025)), float(np.quantile(areas, 0.975))
