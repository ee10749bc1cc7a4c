"""Passwords: slow to check on purpose, and the more guesses were wrong, the longer the wait for the next.

Hashes of passwords are argon2id at the library's recommended cost: 64 MiB and some 50 ms each. Whoever calls
this for strangers bounds how many run at once (`Service.hashing`). Tokens are long and random: nobody guesses
one, so a plain hash keeps them as well.
"""

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from goldvein.domain.errors import InvalidInput

SHORTEST: Final = 12
LONGEST: Final = 200
FREE_GUESSES: Final = 5
"""So many wrong passwords in a row cost nothing."""
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """Hash a new password.

    Raises
    ------
    InvalidInput
        ``password_invalid``: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            f"the password has {len(password)} characters: use {SHORTEST} to {LONGEST}",
            code="password_invalid",
        )
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; it takes as long where none is stored, and tells nobody so."""
    try:
        _hasher.verify(stored or _nobodys(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def wait_after(failures: int) -> timedelta:
    """Time before the next guess, after so many wrong ones in a row: 30 s, doubled each time, at most 1 h."""
    over = failures - FREE_GUESSES
    return min(_FIRST_WAIT * 2 ** min(over, 20), _LONGEST_WAIT) if over >= 0 else timedelta()


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex())


def token_hash(token: str) -> bytes:
    """What is stored of a key, a session or a link."""
    return hashlib.sha256(token.encode()).digest()
