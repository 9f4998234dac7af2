"""What is never shown."""

import pytest

from loadtest.secrecy import HIDDEN, hide

TOKEN = "key-of-manager-01"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtLTAwMDEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"bad key {TOKEN}.", f"bad key {HIDDEN}."),
        (f"{TOKEN} {TOKEN}", f"{HIDDEN} {HIDDEN}"),
        (f"cut {TOKEN[:13]}...", f"cut {HIDDEN}..."),
        ("key-of-manager-02", f"{HIDDEN}2"),
        (f"expired: {JWT}", f"expired: {HIDDEN}"),
        (f"cut {JWT[:30]}...", f"cut {HIDDEN}..."),
        ('{"access_token": "a\\"b", "n": 1}', f'{{"access_token": "{HIDDEN}", "n": 1}}'),
        ("{'Password': 'x', 'n': 1}", f"{{'Password': '{HIDDEN}', 'n': 1}}"),
        ('{"secret":"cut sho', f'{{"secret":"{HIDDEN}"'),
        ("GET /ws?a=1&api_key=x&b=2", f"GET /ws?a=1&api_key={HIDDEN}&b=2"),
        ("server refused the token (4500): expired; see --token-in", None),
        ('{"key": "b-0001/temperature/0001", "token": 7}', None),
    ],
)
def test_secrets_are_hidden_and_nothing_else(text, shown):
    """Those that are known, also cut short; whatever is a JWT; what stands after a name that says what it is."""
    assert hide(text, [TOKEN, None]) == (text if shown is None else shown)


@pytest.mark.parametrize("text", ["a%2Fb+%22c", 'a/b+\\"c', 'a/b+"c'])
def test_a_secret_is_known_in_every_form_it_travels_in(text):
    """As it is, in a query, in JSON."""
    assert HIDDEN in hide(text.replace("+", "%2B" if "%" in text else "+"), ['a/b+"c'])


def test_a_secret_that_is_part_of_any_text_is_let_be():
    """Else no reason could be read."""
    assert hide("a server said no", ["a", ""]) == "a server said no"
