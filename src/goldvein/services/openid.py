"""Who a provider of OpenID Connect says somebody is: the code flow with state, nonce and PKCE.

Only this module knows authlib (extra `sso`), and it is imported only where a provider is configured.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from goldvein.services.signing_on import Attempt, Identity, Provider, SignOnFailed

_log = structlog.get_logger()
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""Signatures by the provider's own key alone: never "none", never a secret that we share."""
_LEEWAY_SECONDS: Final = 60
_KEPT_SECONDS: Final = 600.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WORDS: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class OpenId:
    """The way to one provider. Its methods wait for the provider: call them in a thread.

    Parameters
    ----------
    provider : Provider
    timeout : float
        Seconds that the provider gets for an answer.
    """

    def __init__(self, provider: Provider, *, timeout: float = 10.0) -> None:
        self.provider = provider
        self._timeout = timeout
        self._known: tuple[float, Mapping[str, str]] | None = None
        self._lock = threading.Lock()

    def depart(self, back: str) -> tuple[str, Attempt]:
        """Give the provider's address to send a browser to, and what the browser has to bring back.

        Parameters
        ----------
        back : str
            Our address, to which the provider sends the browser.

        Raises
        ------
        SignOnFailed
            If the provider cannot be reached, or does not say where to go.
        """
        attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
        address = prepare_grant_uri(
            self._metadata()["authorization_endpoint"],
            client_id=self.provider.client_id,
            response_type="code",
            redirect_uri=back,
            scope="openid profile email",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address, attempt

    def arrive(self, attempt: Attempt, answer: Mapping[str, str], back: str) -> Identity:
        """Turn what the provider sent the browser back with into who it is.

        Parameters
        ----------
        attempt : Attempt
            What this browser left with.
        answer : mapping
            The query that it came back with.

        Raises
        ------
        SignOnFailed
            If any of it is not as it has to be; the log says what.
        """
        if not compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _failed("another state than the browser left with")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:
            raise _failed("an answer of another issuer")
        if "code" not in answer:
            raise _failed(f"no code, but {answer.get('error', 'nothing')[:100]!r}")
        metadata = self._metadata()
        tokens = self._fetch(
            "POST",
            metadata["token_endpoint"],
            **self._credentials(),
            data=self._exchange(attempt, answer, back),
        )
        claims = self._claims(tokens, self._fetch("GET", metadata["jwks_uri"]), attempt.nonce)
        email = claims.get("email") if claims.get("email_verified") is True else None
        name = email or str(claims.get("preferred_username") or claims.get("name") or "").partition("@")[0]
        return Identity(self.provider.issuer, str(claims["sub"]), str(name))

    def _exchange(self, attempt: Attempt, answer: Mapping[str, str], back: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": back,
            "client_id": self.provider.client_id,
            "code_verifier": attempt.verifier,
        }

    def _credentials(self) -> dict[str, Any]:
        if not self.provider.client_secret:
            return {}
        return {"auth": httpx.BasicAuth(self.provider.client_id, self.provider.client_secret)}

    def _claims(self, tokens: Mapping[str, Any], keys: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """Check the signature of the id token, and everything that it says about itself."""
        try:
            token = jwt.decode(
                str(tokens.get("id_token")), KeySet.import_key_set(cast("Any", keys)), algorithms=_ALGORITHMS
            )
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.provider.issuer},
                    "aud": {"essential": True, "value": self.provider.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": nonce,
                    "client_id": self.provider.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _failed(f"an id token that does not hold: {error!r}") from error
        return claims

    def _metadata(self) -> Mapping[str, str]:
        """Read where the provider answers, every ten minutes."""
        with self._lock:
            if self._known is None or self._known[0] < time.monotonic():
                place = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
                found = self._fetch("GET", place)
                if found.get("issuer") != self.provider.issuer:
                    raise _failed(f"the provider calls itself {found.get('issuer')!r}")
                words = {word: str(found.get(word)) for word in _WORDS}
                self._known = (time.monotonic() + _KEPT_SECONDS, words)
            return self._known[1]

    def _fetch(self, method: str, address: str, **arguments: Any) -> dict[str, Any]:
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise _failed(f"{address!r} is not https")
        try:
            response = httpx.request(
                method, address, timeout=self._timeout, headers={"Accept": "application/json"}, **arguments
            )
            response.raise_for_status()
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _failed(f"{method} {address}: {error!r}") from error
        if not isinstance(found, dict):
            raise _failed(f"{address} answered no object")
        return found


def _failed(why: str) -> SignOnFailed:
    """Tell the log why; strangers learn that it failed."""
    _log.warning("sign_on_failed", why=why)
    return SignOnFailed()
