"""How often an address may try to get in."""

import pytest

from goldvein.api.allowance import Allowance, TooManyTries


def test_tries_come_back_with_time() -> None:
    """So many at once, then as many a minute, and the error says how long to wait."""
    allowance = Allowance(30)
    for _ in range(30):
        allowance.take("192.0.2.1", 100.0)
    with pytest.raises(TooManyTries) as caught:
        allowance.take("192.0.2.1", 100.0)
    assert caught.value.facts["retry_after_seconds"] == 3
    allowance.take("192.0.2.2", 100.0)
    allowance.take("192.0.2.1", 102.1)
    with pytest.raises(TooManyTries):
        allowance.take("192.0.2.1", 102.1)


def test_who_goes_on_trying_is_not_kept_out_for_longer() -> None:
    """A refused try costs nothing, so that a browser that asks again gets in when its time has come."""
    allowance = Allowance(1)
    allowance.take("192.0.2.1", 0.0)
    for second in range(1, 60):
        with pytest.raises(TooManyTries):
            allowance.take("192.0.2.1", float(second))
    allowance.take("192.0.2.1", 60.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, *, same: bool) -> None:
    """A home has a whole network of IPv6 addresses, and an IPv4 address can be written as one."""
    allowance = Allowance(1)
    allowance.take(one, 0.0)
    if same:
        with pytest.raises(TooManyTries):
            allowance.take(other, 0.0)
    else:
        allowance.take(other, 0.0)


def test_memory_is_bounded() -> None:
    """Of very many addresses, those that came last are remembered."""
    allowance = Allowance(1)
    for number in range(20_000):
        allowance.take(f"10.0.{number >> 8}.{number & 255}", 0.0)
    assert len(allowance._buckets) == 10_000
    with pytest.raises(TooManyTries):
        allowance.take("10.0.78.31", 0.0)
