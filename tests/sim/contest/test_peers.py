"""Peers do what their sources say."""

import numpy as np
import pytest

from goldvein.sim.contest.behaviour import Given, Served
from goldvein.sim.contest.peer import Peer, Recent, Setting, uniform_draw
from goldvein.sim.contest.peers import PEERS, Mephisto
from goldvein.sim.contest.player import Moves

N_BENCHMARKS = 40


def setting(n: int = 1, **changes: float) -> Setting:
    key = np.zeros(N_BENCHMARKS, dtype=np.int64)
    longest = np.where(np.arange(N_BENCHMARKS) < 30, 0, 1)  # right on the first 30
    return Setting(n, key, {"longest": longest, "shortest": np.full(N_BENCHMARKS, 2)}, **changes)


def answer(peer: Peer, step: int, *, benchmark: bool, right: bool = True) -> Moves:
    """Let the only labeler answer one task."""
    one = np.zeros(1, dtype=np.int64)
    served = Served(one, np.array([benchmark]), one, np.array([[0, 1, 2, 3]]), one, np.ones(1))
    return peer.judge(served, Given(np.array([0 if right else 3]), np.ones(1), np.ones(1, bool)), step)


def story(peer: Peer, steps: int, wrong: frozenset[int] = frozenset()) -> tuple[list[bool], int | None]:
    """Which tasks were benchmarks at a rate that is certain, and the step of a dismissal."""
    asked: list[bool] = []
    for step in range(steps):
        due = bool(peer.rates(np.zeros(1, dtype=np.int64))[0] >= 0.5)
        moves = answer(peer, step, benchmark=due, right=not due or sum(asked) not in wrong)
        asked.append(due)
        if moves.dismissed[0]:
            return asked, step
    return asked, None


def test_a_quiz_comes_first() -> None:
    """Ten benchmarks, then one task in ten; six of ten right is the end of it."""
    peer = PEERS["fixed-rate"]("fixed-rate", setting())
    asked, _ = story(peer, 11)
    assert asked == [True] * 10 + [False]
    assert peer.rates(np.zeros(1, dtype=np.int64))[0] == pytest.approx(0.1)
    failing = PEERS["fixed-rate"]("fixed-rate", setting())
    assert story(failing, 11, wrong=frozenset(range(4)))[1] == 9
    assert not failing.delivering()[0]


def test_the_bar_itself_is_enough() -> None:
    """Seven of ten is 70%, although no float says so."""
    assert story(PEERS["fixed-rate"]("fixed-rate", setting()), 10, wrong=frozenset(range(3)))[1] is None


def test_a_dismissed_contributors_work_is_taken_back() -> None:
    """Under the threshold all labels delivered so far are withdrawn, by their ids."""
    peer = PEERS["fixed-rate"]("fixed-rate", setting())
    for step in range(10):
        answer(peer, step, benchmark=True, right=step >= 3)
    answer(peer, 10, benchmark=False)
    answer(peer, 11, benchmark=False)
    moves = answer(peer, 12, benchmark=True, right=False)
    assert moves.dismissed[0]
    assert moves.withdrawn.tolist() == [10, 11]


def test_a_window_forgets() -> None:
    """After a good start twenty answers decide: fewer than half of them right is the end."""
    peer = PEERS["window"]("window", setting())
    for step in range(30):
        assert not answer(peer, step, benchmark=True).dismissed[0]
    ends = [answer(peer, 30 + step, benchmark=True, right=False).dismissed[0] for step in range(11)]
    assert ends == [False] * 10 + [True]


def test_half_of_the_draws_are_against_shortcuts() -> None:
    """Benchmarks that every listed rule gets wrong are half of the draws, though a quarter of the pool."""
    peer = PEERS["fixed-rate-antibias"]("antibias", setting(5_000))
    rng = np.random.default_rng(3)
    drawn = peer.draw(rng, np.arange(5_000), np.ones((5_000, N_BENCHMARKS), dtype=bool))
    assert np.mean(drawn >= 30) == pytest.approx(0.5, abs=0.03)
    none_left = np.ones((50, N_BENCHMARKS), dtype=bool)
    none_left[:, 30:] = False
    assert (peer.draw(rng, np.arange(50), none_left) < 30).all()


@pytest.mark.parametrize(("units", "needed"), [(0, 1), (1, 1), (9, 1), (10, 2), (100, 5), (600, 10)])
def test_mephisto_wants_gold_by_the_logarithm(units: int, needed: int) -> None:
    """Right gold needed is one and ``ceil(log10(n + 1) ** 2.2) - 1``: about 5% at 100 units."""
    peer = Mephisto("mephisto", setting())
    peer.ordinary[:] = units
    one = np.zeros(1, dtype=np.int64)
    peer.right[:] = needed - 1
    assert peer.rates(one)[0] == 1.0
    peer.right[:] = needed
    assert peer.rates(one)[0] == 0.0
    peer.wrong[:] = 2
    assert peer.rates(one)[0] == 1.0


def test_mephisto_as_published_would_dismiss_the_honest() -> None:
    """One wrong gold as the end dismisses most honest people of 85% within 600 tasks: hence the strikes."""
    needed = 10  # right ones by 600 tasks, with none wrong
    assert 1 - 0.85**needed > 0.8


def test_toloka_asks_by_intervals() -> None:
    """Every fifth of the first 25 tasks is a control task, and every 25th later."""
    asked, _ = story(PEERS["toloka"]("toloka", setting()), 130)
    at = np.flatnonzero(asked)
    assert at[:4].tolist() == [5, 10, 15, 20]
    assert np.diff(at[5:]).tolist() == [25] * (len(at) - 6)


def test_toloka_bans_under_sixty_percent_of_ten() -> None:
    """Two wrong of three is the end; one of three is not."""
    peer = PEERS["toloka"]("toloka", setting())
    ends = [answer(peer, step, benchmark=True, right=step == 1).dismissed[0] for step in range(3)]
    assert ends == [False, False, True]


def test_potato_never_dismisses() -> None:
    """Twenty items, then a gold standard; nobody is ever out."""
    asked, end = story(PEERS["potato"]("potato", setting()), 200, wrong=frozenset(range(99)))
    assert end is None
    assert np.flatnonzero(asked)[:3].tolist() == [20, 41, 62]


def test_potato_blocks_by_the_number_of_failures() -> None:
    """Attention checks block at the fifth failure."""
    asked, end = story(PEERS["potato-blocking"]("p", setting()), 200, wrong=frozenset(range(99)))
    assert end == len(asked) - 1
    assert sum(asked) == 5


@pytest.mark.parametrize("name", PEERS)
def test_scale_turns_the_share_of_benchmarks(name: str) -> None:
    """Twice and half the scale are more and fewer benchmarks."""
    shares = []
    for scale in (0.5, 1.0, 2.0):
        rng, peer, n = np.random.default_rng(1), PEERS[name](name, setting(scale=scale)), 0
        for step in range(600):
            due = bool(rng.random() < peer.rates(np.zeros(1, dtype=np.int64))[0])
            answer(peer, step, benchmark=due)
            n += due
        shares.append(n)
    assert shares[0] < shares[1] < shares[2]


def test_recent_holds_the_last() -> None:
    """A window holds what it has, then the last so many."""
    recent, one = Recent(1, 3), np.zeros(1, dtype=np.int64)
    found = []
    for hit in (True, False, True, False, False):
        recent.add(one, np.array([hit]))
        right, seen = recent.counts(one)
        found.append((int(right[0]), int(seen[0])))
    assert found == [(1, 1), (1, 2), (2, 3), (1, 3), (1, 3)]


def test_uniform_draw_is_uniform_over_the_unseen() -> None:
    """Every unseen benchmark is as likely as the other; a row without one gives -1."""
    unseen = np.zeros((30_000, 5), dtype=bool)
    unseen[:, [1, 2, 4]] = True
    unseen[0] = False
    drawn = uniform_draw(np.random.default_rng(2), unseen)
    assert drawn[0] == -1
    assert np.bincount(drawn[1:], minlength=5) / 29_999 == pytest.approx(
        [0, 1 / 3, 1 / 3, 0, 1 / 3], abs=0.01
    )
