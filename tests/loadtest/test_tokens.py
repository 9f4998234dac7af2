"""Tokens of managers."""

import jwt
import pytest

from loadtest.roster import Manager
from loadtest.tokens import EXPIRED_S, Tampering, tampered, token

SECRET = "a secret that is long enough for SHA-256"


def forged(tampering, manager, now_ts, claims=lambda _: None):
    wider = Manager(manager.user, (*manager.buildings, "b"))
    good, more = (token(one, secret=SECRET, now_ts=now_ts, claims=claims(one)) for one in (manager, wider))
    return tampered(tampering, good, wider=more, secret=SECRET, now_ts=now_ts)


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
    bad = forged(tampering, manager, now_ts)
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
        bad = forged(tampering, manager, 2e9)
        assert bad.count(".") == 2
        said[tampering] = jwt.decode(bad, options={"verify_signature": False, "verify_exp": False})
        assert said[tampering]["sub"] == "m-0001"
    assert said[Tampering.EDITED_CLAIMS]["buildings"] == ["a", "b"]
    assert said[Tampering.FLIPPED_SIGNATURE]["buildings"] == ["a"]


@pytest.mark.parametrize("tampering", Tampering)
def test_a_tampered_token_has_the_claims_that_the_server_reads(tampering):
    """Else it would be refused for those, and nothing would be shown of what is wrong with it."""
    bad = forged(tampering, Manager("m-0001", ("a",)), 2e9, claims=lambda one: {"who": one.user, "at": one.buildings})
    said = jwt.decode(bad, options={"verify_signature": False, "verify_exp": False})
    assert said.keys() == {"who", "at", "exp"}
    assert said["at"] == (["a", "b"] if tampering is Tampering.EDITED_CLAIMS else ["a"])
