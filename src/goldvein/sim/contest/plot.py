"""A picture of a contest: how long sleepers go on delivering, and how well good and bad are told apart.

matplotlib is optional: ``pip install 'goldvein[plot]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goldvein.domain.errors import InvalidInput
from goldvein.sim.contest.rounds import MATCHED, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from goldvein.sim.contest.figures import Measured
    from goldvein.stats.arrays import Array

HOW_TO_INSTALL = "pictures need matplotlib, which is optional: pip install 'goldvein[plot]'"


class PlotError(InvalidInput):
    """No picture can be drawn; the message says why, and what helps."""

    code = "plot_impossible"


def check_plot(path: Path) -> None:
    """Find out before a long run whether its picture can be drawn and has a place to go.

    Raises
    ------
    PlotError
        If matplotlib is missing, the file's ending is no kind of picture, or its folder does not exist.
    """
    known = _canvas().get_supported_filetypes()
    ending = path.suffix.removeprefix(".").lower()
    if ending not in known:
        raise PlotError(
            f"{path} does not end like a picture; endings that work are {', '.join(sorted(known))}"
        )
    if not path.resolve().parent.is_dir():
        raise PlotError(f"{path} cannot be written: there is no folder {path.resolve().parent}")


def draw_contest(runs: Mapping[str, Sequence[Measured]], title: str, path: Path) -> None:
    """Draw all policies into one picture and write it.

    Parameters
    ----------
    runs : mapping of policy to its runs, one per seed
    title : str
    path : Path
        The ending decides the format: png, svg, pdf ...
    """
    canvas = _canvas()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.6), layout="constrained")
    canvas(figure)
    left, right = figure.subplots(1, 2)
    for name, measured in runs.items():
        style = _style(name, list(runs))
        answers, share = still_delivering(np.concatenate([one.delays for one in measured]))
        bad, good = told_apart(measured)
        left.step(answers, share, where="post", label=name, **style)
        right.plot(bad, good, **style)
    name_axes(left, "answers since the change", "share of sleepers that still deliver", "Sleepers")
    name_axes(
        right,
        "share of bad labelers with as many labels delivered",
        "share of good labelers",
        "Good and bad told apart by labels delivered",
    )
    left.set_xlim(left=0)
    right.plot([0, 1], [0, 1], color="0.7", linewidth=0.8, linestyle=":")
    figure.legend(loc="outside lower center", ncols=4, fontsize="small", frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=150)


def still_delivering(delays: Array) -> tuple[Array, Array]:
    """Share of sleepers whose last delivered label came later, against answers since the change."""
    if not len(delays):
        return np.empty(0), np.empty(0)
    answers, ends = np.unique(delays, return_counts=True)
    later = 1 - np.cumsum(ends) / len(delays)
    return np.concatenate([[0.0], answers]), np.concatenate([[1.0], later])


def told_apart(runs: Sequence[Measured]) -> tuple[Array, Array]:
    """ROC of the share of labels delivered as a test for good labelers, over labelers that never changed.

    Returns
    -------
    (n,) float, (n,) float
        Shares of bad and of good labelers at or over each threshold, from the highest threshold down.
    """
    good = np.concatenate([one.delivered[one.always_good] for one in runs])
    bad = np.concatenate([one.delivered[one.always_bad] for one in runs])
    if not len(good) or not len(bad):
        return np.empty(0), np.empty(0)
    thresholds = np.unique(np.concatenate([good, bad]))[::-1]
    return (
        np.concatenate([[0.0], (bad >= thresholds[:, None]).mean(axis=1)]),
        np.concatenate([[0.0], (good >= thresholds[:, None]).mean(axis=1)]),
    )


def _style(name: str, names: list[str]) -> dict[str, Any]:
    """Ours thick; a peer in one colour, dashed where it is matched."""
    peer = name.removesuffix(MATCHED)
    peers = list(dict.fromkeys(one.removesuffix(MATCHED) for one in names))
    return {
        "color": f"C{peers.index(peer)}",
        "linewidth": 2.6 if name == OURS else 1.2,
        "linestyle": "--" if name.endswith(MATCHED) else "-",
    }


def name_axes(axes: Any, across: str, up: str, title: str) -> None:
    """Name what axes show; what goes up is a share."""
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_title(title)
    axes.set_ylim(0, 1.02)
    axes.grid(visible=True, alpha=0.25)


def _canvas() -> Any:
    """Drawing surface without a window; the import is late because the library is optional."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError as error:
        raise PlotError(HOW_TO_INSTALL) from error
    return FigureCanvasAgg
