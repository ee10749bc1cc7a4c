"""Checking the filter: how often it errs, by all audits of late, over everybody whom it judges.

It reads all standings of a project, so a job does it, once audits have ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from goldvein.decisions.auditing import keeps_good_out, lets_bad_through
from goldvein.decisions.gate import Gate, gate
from goldvein.domain.policy import Policy
from goldvein.services import accuracy
from goldvein.services.alarms import open_alarm, resolve_alarm
from goldvein.services.observing import Models
from goldvein.services.views import View, Views
from goldvein.stats.arrays import Array, BoolArray, IntArray
from goldvein.stats.audits import (
    CELLS,
    Bar,
    Found,
    Interval,
    Overlap,
    People,
    Prior,
    Setting,
    Values,
    bars,
    believed,
    calibrate,
    goodness,
    interval,
    share,
    strata_of,
    worlds,
)
from goldvein.stats.model import Model, convert
from goldvein.stats.second_answers import ordinary_right, sigmoid
from goldvein.stats.states import BUILT_IN
from goldvein.stats.traffic import traffic
from goldvein.store import audits, standings
from goldvein.store.audits import Check, Ended, Pair
from goldvein.store.database import Database, Transaction
from goldvein.store.standings import StandingLine

LATELY: Final = timedelta(days=90)
"""How far back audits tell of the filter as it is."""
BARS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995)
_GROUPS: Final = 2
N_STRATA: Final = _GROUPS * (len(CELLS) + 1)
_SHIFT_SD: Final = 0.3
"""No mining tells more closely than this how hard ordinary tasks are."""


def setting_of(rng: np.random.Generator, tx: Transaction, view: View) -> Setting | None:
    """What estimates take for given of a project; None before it has opened."""
    if view.model is None or not view.active:
        return None
    difficulty = np.mean([b.item.difficulty for b in view.active.values()], axis=0)
    guess = float(np.mean([1 / len(b.item.key_probabilities) for b in view.active.values()]))
    rules = np.array(
        [
            guess if name in BUILT_IN else view.pass_shares.get(name, guess)
            for name in view.model.space.shortcuts
        ]
    )
    right = ordinary_right(view.model, difficulty, 1 / guess, rules)
    return Setting(view.model, right, 1 / guess, _prior(rng, tx, view, difficulty))


def _prior(rng: np.random.Generator, tx: Transaction, view: View, difficulty: Array) -> Prior:
    """How much harder ordinary tasks are, by what was mined; little is known where that was little."""
    found = accuracy.candidates(tx, view)
    if len(found.choices) < accuracy.LEAST_MINED:
        return Prior()
    known = traffic(rng, view.answers, found.n_options, found.choices)
    grid = view.answers.difficulties
    spread = float(np.std(known.draws @ grid))
    shift = float(known.shares @ grid - difficulty @ grid)
    return replace(Prior(), shift=shift, shift_sd=max(spread, _SHIFT_SD))


def delivering(policy: Policy, lines: Sequence[StandingLine]) -> BoolArray:
    """Whose ordinary answers the gate lets out under a policy: (n,) bool."""
    decided = gate(
        [line.p_benchmarks for line in lines], [line.p_all for line in lines],
        [line.benchmarks for line in lines], [line.state for line in lines], policy,
    )  # fmt: skip
    return np.asarray(decided == Gate.DELIVER)


def own_posterior(line: StandingLine, models: Mapping[int, Model], version: int) -> Array:
    """A standing's posterior under benchmarks, on a model version: (n_states,)."""
    states = np.frombuffer(line.posterior).reshape(2, -1)[0]
    return _on(states, models, line.model_version, version)


def _on(states: Array, models: Mapping[int, Model], stored: int, wanted: int) -> Array:
    return states if stored == wanted else convert(states[:, None], models[stored], models[wanted])[:, 0]


def tested(view: View, lines: Sequence[StandingLine]) -> list[StandingLine]:
    """Those whom the filter has judged: there were benchmarks enough."""
    return [one for one in lines if one.benchmarks >= view.policy.min_benchmarks]


def people_of(
    view: View, models: Mapping[int, Model], lines: Sequence[StandingLine], ended: Sequence[Ended] = ()
) -> People:
    """Everybody as the filter judges by now; who did nothing since an audit, as it judged before that.

    Whoever worked on may have turned, so an audit of then is no word on now: it has moved the standing, and
    in that it counts for less the more was answered since.
    """
    assert view.model is not None
    delivers = delivering(view.policy, lines)
    looked = {one.labeler: (place, one) for place, one in enumerate(ended)}
    posteriors, audited = [], np.full(len(lines), -1)
    for at, line in enumerate(lines):
        place, audit = looked.get(line.labeler, (-1, None))
        if audit is not None and line.n == audit.n:
            audited[at] = place
            states = np.frombuffer(audit.posterior)
            posteriors.append(_on(states, models, audit.model_version, view.model_version))
        else:
            posteriors.append(own_posterior(line, models, view.model_version))
    states = np.array(posteriors)
    p = states[:, view.model.space.good].sum(axis=1)
    return People(states, strata_of(p, (~delivers).astype(np.int64)), delivers, ~delivers, audited)


def _found(view: View, models: Mapping[int, Model], ended: Sequence[Ended], pairs: Sequence[Pair]) -> Found:
    assert view.model is not None
    states = [
        _on(np.frombuffer(one.posterior), models, one.model_version, view.model_version) for one in ended
    ]
    posteriors = np.array(states).reshape(len(ended), view.model.space.size)
    group = np.array([not one.delivers for one in ended], dtype=np.int64)
    return Found(
        posteriors,
        strata_of(posteriors[:, view.model.space.good].sum(axis=1), group),
        _column([one.agreed for one in ended]),
        _column([one.answered for one in ended]),
        Overlap(sum(pair.agreed for pair in pairs), sum(pair.of for pair in pairs)),
    )


def _column(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


def known_of(
    rng: np.random.Generator, tx: Transaction, view: View, setting: Setting, now: datetime
) -> Values:
    """What the filter's word, and an auditor's, is worth by all audits of late."""
    models = Models(tx, view.project.id, view.models)
    ended, pairs = _read(tx, view, now)
    if not ended:
        return believed(rng, setting.prior, N_STRATA)
    return calibrate(rng, setting, _found(view, models, ended, pairs), N_STRATA)


def _read(tx: Transaction, view: View, now: datetime) -> tuple[list[Ended], list[Pair]]:
    since = now - LATELY
    return audits.ended(tx, view.project.id, since), audits.overlaps(tx, view.project.id, since)


# --- the check --------------------------------------------------------------------------


def check(db: Database, project: int, now: datetime) -> Check | None:
    """Estimate how often a project's filter errs, keep it, and alert where it surely errs too often.

    None where there are no audits, or nobody whom the filter has judged.

    Raises
    ------
    NotFound
        If the project is not under way.
    """
    with db.connection() as tx:
        view = Views().one(tx, project)
        rng = np.random.default_rng([project, view.project.revision])  # the same twice says the same
        setting, lines = setting_of(rng, tx, view), tested(view, list(standings.list_project(tx, project)))
        ended, pairs = _read(tx, view, now)
        models = Models(tx, project, view.models)
        if setting is None or not ended or not lines:
            return None
        people = people_of(view, models, lines, ended)
        found = _found(view, models, ended, pairs)
    report = _report(rng, view, setting, people, found, lines)
    with db.transaction() as tx:
        audits.save_check(tx, project, len(ended), report, now)
        _alert(tx, view, report, len(ended), now)
    return Check(now, len(ended), report)


def _report(
    rng: np.random.Generator, view: View, setting: Setting, people: People, found: Found,
    lines: Sequence[StandingLine],
) -> dict[str, Any]:  # fmt: skip
    known = calibrate(rng, setting, found, N_STRATA)
    likely = worlds(rng, goodness(setting, people, found, known))
    shown = bars(people, let_through(view.policy, lines), likely)
    p = np.array([line.p_benchmarks for line in lines])
    return {
        "bad_delivering": _plain(share(~likely, people.delivers)),
        "good_kept_out": _plain(share(likely, people.kept_out)),
        "claimed_bad_delivering": _mean(1 - p, people.delivers),
        "claimed_good_kept_out": _mean(p, people.kept_out),
        "delivering": int(people.delivers.sum()),
        "kept_out": int(people.kept_out.sum()),
        "harder": asdict(interval(known.shift)),
        "auditor_right": asdict(interval(sigmoid(known.auditor))),
        "overlap": [found.overlap.agreed, found.overlap.of],
        "deliver_at": view.policy.deliver_at,
        "recommended": recommended(shown, 1 - view.policy.deliver_at),
        "bars": [asdict(bar) for bar in shown],
    }


def let_through(policy: Policy, lines: Sequence[StandingLine]) -> dict[float, BoolArray]:
    """Whom the gate would let deliver by other values of ``deliver_at``, all its other rules as they are."""
    return {
        at: delivering(replace(policy, deliver_at=at), lines) for at in sorted({*BARS, policy.deliver_at})
    }


def recommended(shown: Sequence[Bar], allowed: float) -> float | None:
    """The bar that lets most people deliver while, at the upper end, no more than the allowed share is bad.

    Of several that let the same people through, the strictest: a lower one promises less for nothing.
    """
    kept = [bar for bar in shown if bar.delivering and bar.bad.high / bar.delivering <= allowed]
    best = max(kept, key=lambda bar: (bar.delivering, bar.at), default=None)
    return best.at if best else None


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else asdict(found)


def _mean(values: Array, among: BoolArray) -> float | None:
    return float(values[among].mean()) if among.any() else None


def _alert(tx: Transaction, view: View, report: Mapping[str, Any], count: int, now: datetime) -> None:
    """Say where the filter surely errs; over again once the estimate itself is where it should be."""
    allowed = 1 - view.policy.deliver_at
    bad, kept = report["bad_delivering"], report["good_kept_out"]
    if bad is not None:
        errs = lets_bad_through(bad["low"], view.policy.deliver_at, count)
        _turn(tx, view, "bad delivering", bad, allowed, errs=errs, now=now)
    if kept is not None:
        errs = keeps_good_out(kept["low"], report["claimed_good_kept_out"], count)
        _turn(tx, view, "good kept out", kept, report["claimed_good_kept_out"], errs=errs, now=now)


def _turn(
    tx: Transaction, view: View, subject: str, found: Mapping[str, float], expected: float, *, errs: bool,
    now: datetime,
) -> None:  # fmt: skip
    project = view.project.id
    if errs:
        open_alarm(tx, project, "filter", subject, {**found, "expected": expected}, now)
    elif found["estimate"] <= expected:
        resolve_alarm(tx, project, "filter", subject, now)


def checks(db: Database, project: int, limit: int = 100) -> list[Check]:
    """List estimates of how often a project's filter errs, the latest first."""
    with db.connection() as tx:
        return audits.checks(tx, project, limit)
