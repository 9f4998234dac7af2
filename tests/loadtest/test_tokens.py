"""Tokens of managers."""

import jwt

from loadtest.roster import Manager
from loadtest.tokens import token

SECRET = "a secret that is long enough for SHA-256"


def test_a_token_names_the_user_its_buildings_and_its_end():
    """The server reads from the token who it is and what it may see."""
    text = token(Manager("m-0001", ("a", "b")), secret=SECRET, now_ts=1_000.0, lifetime_s=60.0)
    claims = jwt.decode(text, SECRET, algorithms=["HS256"], options={"verify_exp": False})
    assert claims == {"sub": "m-0001", "buildings": ["a", "b"], "exp": 1060}
