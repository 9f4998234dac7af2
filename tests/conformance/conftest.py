"""What the cases leave behind must not meet the tests of other folders."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _no_shim():
    """Autobahn's cases bring a `pkg_resources` of their own, which `monkeypatch.syspath_prepend` takes for real."""
    before = sys.modules.get("pkg_resources")
    yield
    sys.modules.pop("pkg_resources", None)
    if before is not None:
        sys.modules["pkg_resources"] = before
