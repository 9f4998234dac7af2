"""All of identity as the server asks it: who is this, may it log in, who has been sent away."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from reference_server.identity.claims import Identity, TokenError, TokenRevokedError, valid_until
from reference_server.identity.jwks import PublicKey, parse_jwks
from reference_server.identity.passwords import DECOY, User, parse_users
from reference_server.identity.revocations import parse_revocations
from reference_server.identity.tokens import SECRET_ALGORITHM, Keys, signed_claims, verify
from reference_server.identity.watched import WatchedFile

SESSION_AUDIENCE = "sensorswarm:session"
SESSION_TTL_S = 12 * 3600
_SESSION_CLAIMS = ("sub", "exp", "jti", "pwd")


@dataclass(frozen=True, slots=True)
class Access:
    """What a server is told about identity, beside its secret."""

    jwks: Path | None = None  # public keys of RS256 and ES256 tokens
    audience: str | None = None  # that `aud` must contain
    revoked: Path | None = None  # one jti a line
    users: Path | None = None  # who may log in with a password; None: there is no login
    origins: frozenset[str] = frozenset()  # pages that may talk to us; none: our own
    secure_cookies: bool = False  # cookies over HTTPS only
    session_ttl_s: int = SESSION_TTL_S


class Guard:
    """Answers for one running server.

    Args:
        secret: of HS256 tokens; None: none are accepted.
        access: the rest.

    Raises:
        WatchedFileError: a file cannot be used.
    """

    def __init__(self, secret: str | None, access: Access) -> None:
        self.access = access
        self._secret = secret
        self._jwks = WatchedFile("--jwks", access.jwks, parse_jwks) if access.jwks else None
        self._revocations = WatchedFile("--revoked", access.revoked, parse_revocations) if access.revoked else None
        self._users = WatchedFile("--users", access.users, parse_users) if access.users else None
        self._keys = self._current_keys()
        # A key of its own makes a session no token and a token no session, whatever their claims say.
        session_key = _derived(secret) if secret is not None else secrets.token_bytes(32)
        self._session_keys = Keys(secret=session_key, audience=SESSION_AUDIENCE)
        self._ended: dict[str, float] = {}  # sessions logged out: jti, and when it would have expired (Unix seconds)
        self._news = False
        self._revoked = self._revocations.value if self._revocations else frozenset()

    @property
    def has_login(self) -> bool:
        """Whether there are users to log in."""
        return self._users is not None

    def identify(self, token: str, now: float) -> Identity:
        """Read a token at `now` (Unix seconds).

        Raises:
            TokenRevokedError: its jti was taken back.
            TokenError: not accepted for another reason.
        """
        return self._unrevoked(verify(token, self._keys, now))

    def identify_session(self, cookie: str, now: float) -> Identity:
        """Read the value of a session cookie at `now` (Unix seconds); what it may see is what the users' file says.

        Raises:
            TokenRevokedError: logged out, or its jti was taken back.
            TokenError: not ours, expired, or its user is gone or has a new password.
        """
        claims = signed_claims(cookie, self._session_keys, _SESSION_CLAIMS)
        expires_ts = valid_until(claims, now)
        user = self._known_users().get(claims["sub"])
        if user is None or user.fingerprint != claims["pwd"]:
            raise TokenError("session not accepted: log in again")
        return self._unrevoked(Identity(user.name, user.buildings, expires_ts, claims["jti"]))

    def check_password(self, name: str, password: str) -> User | None:
        """Give the user whose password this is. Takes a good part of a second in any case: call it in a thread."""
        user = self._known_users().get(name)
        matches = (user.password if user else DECOY).matches(password)
        return user if matches else None

    def open_session(self, user: User, now: float) -> str:
        """Sign a session for a user who has just proved who it is: the value of the cookie."""
        claims: dict[str, Any] = {
            "sub": user.name,
            "exp": int(now) + self.access.session_ttl_s,
            "jti": secrets.token_urlsafe(12),
            "aud": SESSION_AUDIENCE,
            "pwd": user.fingerprint,
        }
        key = self._session_keys.secret
        assert key is not None  # noqa: S101 - set by __init__
        return jwt.encode(claims, key, algorithm=SECRET_ALGORITHM)

    def end_session(self, identity: Identity) -> None:
        """Take a session back: its cookie is worth nothing any more, and `refresh` tells of it."""
        if identity.jti is not None:
            self._ended[identity.jti] = identity.expires_ts
            self._revoked |= {identity.jti}
            self._news = True

    def refresh(self, now: float) -> frozenset[str] | None:
        """Look at the files; call about once a second, with Unix seconds.

        Returns:
            Every revoked jti when that has changed: connections that began with one must end. Else None.
        """
        if self._jwks is not None and self._jwks.refresh():
            self._keys = self._current_keys()
        if self._users is not None:
            self._users.refresh()
        changed = self._revocations is not None and self._revocations.refresh()
        if not changed and not self._news:
            return None
        self._news = False
        self._ended = {jti: expires_ts for jti, expires_ts in self._ended.items() if expires_ts > now}
        listed = self._revocations.value if self._revocations else frozenset()
        self._revoked = listed | self._ended.keys()
        return self._revoked

    def _unrevoked(self, identity: Identity) -> Identity:
        if identity.jti in self._revoked:
            raise TokenRevokedError("token revoked: get a new one")
        return identity

    def _known_users(self) -> Mapping[str, User]:
        return self._users.value if self._users is not None else {}

    def _current_keys(self) -> Keys:
        public: Mapping[str, PublicKey] = self._jwks.value if self._jwks is not None else {}
        return Keys(secret=self._secret, public=public, audience=self.access.audience)


def _derived(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"sensorswarm session cookie", hashlib.sha256)
