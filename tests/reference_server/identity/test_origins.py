"""Which pages may talk to us."""

from __future__ import annotations

import pytest

from reference_server.identity.origins import OriginError, check_origin, origin_allowed

LISTED = {"https://dash.example", "http://dash.example:8080"}


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ([], True),
        (["https://dash.example"], True),
        (["http://dash.example:8080"], True),
        (["http://dash.example"], False),
        (["https://dash.example:443"], False),
        (["https://dash.example:8080"], False),
        (["https://dash.example.evil.example"], False),
        (["https://evil.example/https://dash.example"], False),
        (["https://DASH.example"], False),
        (["null"], False),
        ([""], False),
        (["https://dash.example", "https://dash.example"], False),
        (["http://server.example"], False),
    ],
)
def test_a_list_is_matched_exactly(given: list[str], allowed: bool) -> None:
    """What is listed and nothing else, our own origin included; no Origin means no browser."""
    assert origin_allowed(given, ["server.example"], LISTED) == allowed


@pytest.mark.parametrize(
    ("given", "hosts", "allowed"),
    [
        ([], [], True),
        (["http://server.example:8765"], ["server.example:8765"], True),
        (["http://server.example"], ["Server.Example:80"], True),
        (["https://server.example"], ["server.example"], True),
        (["http://[::1]:8765"], ["[::1]:8765"], True),
        (["http://server.example:8766"], ["server.example:8765"], False),
        (["http://evil.example:8765"], ["server.example:8765"], False),
        (["http://server.example"], [], False),
        (["http://server.example"], ["server.example", "server.example"], False),
        (["ftp://server.example"], ["server.example"], False),
        (["http://"], [""], False),
        (["null"], ["null"], False),
        (["server.example"], ["server.example"], False),
    ],
)
def test_without_a_list_only_our_own_pages(given: list[str], hosts: list[str], allowed: bool) -> None:
    """Origin and Host must agree, a scheme's own port left out or not."""
    assert origin_allowed(given, hosts, ()) == allowed


@pytest.mark.parametrize("text", ["https://dash.example", "http://dash.example:8080", "http://[::1]:3000"])
def test_origins_as_browsers_write_them(text: str) -> None:
    """These can match."""
    assert check_origin(text) == text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("https://dash.example/", "write it https://dash.example,"),
        ("https://Dash.example", "write it https://dash.example,"),
        ("https://dash.example:443", "write it https://dash.example,"),
        ("http://dash.example:80/app?x", "write it http://dash.example,"),
        ("https://user@dash.example", "write it https://dash.example,"),
        ("dash.example", "give scheme"),
        ("*", "give scheme"),
        ("", "give scheme"),
        ("null", "give scheme"),
        ("ws://dash.example", "give scheme"),
        ("https://dash.example:port", "give scheme"),
        ("https://[dash", "give scheme"),
    ],
)
def test_what_no_browser_sends_is_refused_at_the_start(text: str, remedy: str) -> None:
    """An origin that would never match is a mistake, and the message has the right form."""
    with pytest.raises(OriginError, match=remedy):
        check_origin(text)
