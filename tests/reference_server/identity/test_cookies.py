"""The session cookie's header, both ways."""

from __future__ import annotations

import pytest

from reference_server.identity.cookies import read_cookie, set_cookie


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([], None),
        ([""], None),
        (["sensorswarm_session=a.b.c"], "a.b.c"),
        (["x=1; sensorswarm_session=a=b ;y=2"], "a=b"),
        (["x=1", "sensorswarm_session=a"], "a"),
        (["Sensorswarm_Session=a"], None),
        (["sensorswarm_session"], None),
        (["xsensorswarm_session=a"], None),
        (["sensorswarm_session=a; sensorswarm_session=a"], "a"),
        (["sensorswarm_session=a; sensorswarm_session=b"], None),
        (["sensorswarm_session=a", "sensorswarm_session=b"], None),
    ],
)
def test_reading(headers: list[str], value: str | None) -> None:
    """One value is taken, of two that disagree neither."""
    assert read_cookie(headers) == value


def test_writing() -> None:
    """Out of reach of scripts and of other sites, everywhere on ours, for so long."""
    assert set_cookie("v", max_age_s=60, secure=False) == (
        "sensorswarm_session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
    )
    assert set_cookie("", max_age_s=0, secure=True).endswith("; Max-Age=0; HttpOnly; SameSite=Strict; Secure")
