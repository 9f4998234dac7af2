"""Broker addresses."""

from pathlib import Path

import pytest

from wire.mqtt import BrokerAddress, BrokerAddressError, tls_context


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", BrokerAddress("localhost", 1883)),
        ("mqtts://h", BrokerAddress("h", 8883, secure=True)),
        ("mqtt://u:p%40ss@h:99/", BrokerAddress("h", 99, user="u", password="p@ss")),
        ("mqtt://[::1]:5", BrokerAddress("::1", 5)),
    ],
)
def test_a_url_is_read(url: str, address: BrokerAddress) -> None:
    """Scheme, user, password, host and port mean what they mean in any URL."""
    assert BrokerAddress.parse(url) == address


@pytest.mark.parametrize("url", ["", "localhost:1883", "http://h", "mqtt://", "mqtt://h:99999", "mqtt://h/topic"])
def test_anything_else_is_refused_with_the_form_to_write(url: str) -> None:
    """The message shows what to write."""
    with pytest.raises(BrokerAddressError, match="write mqtt://"):
        BrokerAddress.parse(url)


def test_a_password_never_shows() -> None:
    """Neither in the address's text nor in the complaint about a wrong one."""
    address = BrokerAddress.parse("mqtt://u:hidden@h")
    assert "hidden" not in repr(address) + address.url
    with pytest.raises(BrokerAddressError) as caught:
        BrokerAddress.parse("mqtt://u:hidden@h:99999")
    assert "hidden" not in str(caught.value)


def test_tls_files_that_are_none_are_named(tmp_path: Path) -> None:
    """A missing or broken CA file is one clear line."""
    with pytest.raises(BrokerAddressError, match="CA file"):
        tls_context(ca_file=tmp_path / "no.pem")
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(BrokerAddressError, match="CA file"):
        tls_context(ca_file=tmp_path / "bad.pem")
