"""Lease tokens: one AES block over (project, attempt, fence), so that an id tells nothing of its attempt."""

from __future__ import annotations

import base64
import binascii
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from goldvein.domain.errors import NotFound

_FIELDS = struct.Struct(">IQI")


class LeaseTokens:
    """Seal and open lease tokens with the installation's key.

    One block holds one message and every message is distinct, so the block cipher alone is a secret
    permutation of the leases; what a token allows is still decided by whose lease it is.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305 - a single block, see above

    def seal(self, project: int, attempt: int, fence: int) -> str:
        """Make the token of a lease."""
        encryptor = self._cipher.encryptor()
        block = encryptor.update(_FIELDS.pack(project, attempt, fence)) + encryptor.finalize()
        return base64.urlsafe_b64encode(block)[:22].decode()

    def open(self, token: str) -> tuple[int, int, int]:
        """Read project, attempt and fence from a token.

        Raises
        ------
        NotFound
            If the token is not one of ours.
        """
        try:
            block = base64.b64decode(token.encode("ascii") + b"==", b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            block = b""
        if len(block) != _FIELDS.size:
            raise NotFound("there is no such lease: ask for the next task", code="lease_unknown")
        decryptor = self._cipher.decryptor()
        project, attempt, fence = _FIELDS.unpack(decryptor.update(block) + decryptor.finalize())
        return project, attempt, fence
