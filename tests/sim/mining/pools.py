"""Pools for tests."""

from goldvein.sim.mining.pools import Kind, Pool

CLEAR = Kind("clear", 0.50, 0.95, 1 / 3)
MEDIUM = Kind("medium", 0.25, 0.80, 0.7)
AMBIGUOUS = Kind("ambiguous", 0.25, 0.50, 0.8, ambiguous=True)
MIXED = Pool(4, (CLEAR, MEDIUM, AMBIGUOUS))
"""Half clear, a quarter medium, a quarter ambiguous."""

TINY = Pool(
    3,
    (
        Kind("clear", 0.6, 0.9, 0.5, none=0.2),
        Kind("split", 0.3, 0.5, 0.9, ambiguous=True),
        Kind("none", 0.1, 0.6, 0.5, answerable=False),
    ),
    trusted=4,
)
