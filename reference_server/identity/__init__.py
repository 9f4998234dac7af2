"""Who a client is, and what it may see.

Pure: `claims` (what a token grants), `tokens` (signing and reading them), `jwks` (public keys), `revocations`,
`passwords` (hashes and users), `attempts` (against guessing), `cookies`, `origins`. Shells: `watched` (files that
change while we run), `secret` (where the secret comes from), `guard` (all of it together, as the server asks it).
"""

from reference_server.identity.claims import Identity, TokenError, TokenExpiredError, TokenRevokedError
from reference_server.identity.guard import Access, Guard
from reference_server.identity.tokens import Keys, mint, verify

__all__ = [
    "Access",
    "Guard",
    "Identity",
    "Keys",
    "TokenError",
    "TokenExpiredError",
    "TokenRevokedError",
    "mint",
    "verify",
]
