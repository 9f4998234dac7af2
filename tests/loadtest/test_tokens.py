"""Tokens of managers."""

import jwt
import pytest

from loadtest.roster import Manager
from loadtest.tokens import EXPIRED_S, Tampering, tampered, token

SECRET = "a secret that is long enough for SHA-256"


def test_a_token_names_the_user_its_buildings_and_its_end():
    """The server reads from the token who it is and what it may see."""
    text = token(Manager("m-0001", ("a", "b")), secret=SECRET, now_ts=1_000.0, lifetime_s=60.0)
    claims = jwt.decode(text, SECRET, algorithms=["HS256"], options={"verify_exp": False})
    assert claims == {"sub": "m-0001", "buildings": ["a", "b"], "exp": 1060}


@pytest.mark.parametrize("tampering", Tampering)
@pytest.mark.parametrize("user", ["m-0001", "m-0002", "m-0003"])
def test_no_tampered_token_is_accepted(tampering, user):
    """A reader that keeps the rules refuses each of them, and accepts the good one beside them."""
    manager, now_ts = Manager(user, ("a",)), 2e9
    options = {"verify_exp": False}
    assert jwt.decode(token(manager, secret=SECRET, now_ts=now_ts), SECRET, algorithms=["HS256"], options=options)
    bad = tampered(tampering, manager, secret=SECRET, now_ts=now_ts, more=["b"])
    if tampering is Tampering.EXPIRED:
        assert jwt.decode(bad, SECRET, algorithms=["HS256"], options=options)["exp"] == now_ts - EXPIRED_S
        return
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(bad, SECRET, algorithms=["HS256"], options=options)


def test_each_tampered_token_is_wrong_in_its_own_way_only():
    """A reader that forgets one check would accept it: claims and forms are otherwise in order."""
    manager = Manager("m-0001", ("a",))
    said = {}
    for tampering in Tampering:
        bad = tampered(tampering, manager, secret=SECRET, now_ts=2e9, more=["b"])
        assert bad.count(".") == 2
        said[tampering] = jwt.decode(bad, options={"verify_signature": False, "verify_exp": False})
        assert said[tampering]["sub"] == "m-0001"
    assert said[Tampering.EDITED_CLAIMS]["buildings"] == ["a", "b"]
    assert said[Tampering.FLIPPED_SIGNATURE]["buildings"] == ["a"]
