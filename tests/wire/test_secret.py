"""The development secret: one for this user, for this user's eyes only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wire.errors import SensorSwarmError
from wire.secret import development_secret, secret_path


def test_everybody_who_asks_gets_the_same_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when the first ones ask at once, one of whom made it; the file is private and no draft stays behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: development_secret(made.append), range(32)))
    assert secrets == set(made)
    assert len(made) == 1
    assert len(made[0]) >= 32
    assert stat.S_IMODE(secret_path().stat().st_mode) == 0o600
    assert [path.name for path in secret_path().parent.iterdir()] == ["jwt-secret"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says where, and what to give instead."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(SensorSwarmError, match="pass --jwt-secret"):
        development_secret()
