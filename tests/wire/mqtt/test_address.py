"""Broker addresses."""

from pathlib import Path

import pytest

from wire.mqtt import BrokerAddress, BrokerAddressError, client_tls, tls_context


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", BrokerAddress("localhost", 1883)),
        ("mqtts://h", BrokerAddress("h", 8883, secure=True)),
        ("mqtt://u:p%40ss@h:99/", BrokerAddress("h", 99, user="u", password="p@ss")),
        ("mqtt://[::1]:5", BrokerAddress("::1", 5)),
        ("ws://h", BrokerAddress("h", 80, websocket_path="/mqtt")),
        ("wss://u@h:9/a/b", BrokerAddress("h", 9, secure=True, websocket_path="/a/b", user="u")),
    ],
)
def test_a_url_is_read(url: str, address: BrokerAddress) -> None:
    """Scheme, user, password, host and port mean what they mean in any URL."""
    assert BrokerAddress.parse(url) == address


@pytest.mark.parametrize("url", ["mqtt://h:1", "mqtts://[::1]:2", "ws://h:3/mqtt", "wss://h:4/a"])
def test_an_address_is_written_as_it_was_read(url: str) -> None:
    """Messages name what the user wrote."""
    assert BrokerAddress.parse(url).url == url


@pytest.mark.parametrize(
    "url", ["", "localhost:1883", "http://h", "mqtt://", "mqtt://h:99999", "mqtt://h/topic", "ws://h/mqtt?a=b"]
)
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


def test_tls_files_need_tls_and_a_key_needs_its_certificate(tmp_path: Path) -> None:
    """What would silently not be used is refused; without files and without TLS there is nothing to set up."""
    plain, secure = BrokerAddress.parse("ws://h"), BrokerAddress.parse("wss://h")
    file = tmp_path / "x.pem"
    for option, files in (("ca", {"ca_file": file}), ("cert", {"cert_file": file}), ("key", {"key_file": file})):
        with pytest.raises(BrokerAddressError, match=f"--broker-{option} .*x.pem is for TLS, but ws://h"):
            client_tls(plain, **files)
    with pytest.raises(BrokerAddressError, match="has no certificate"):
        client_tls(secure, key_file=file)
    with pytest.raises(BrokerAddressError, match="client certificate"):
        client_tls(secure, cert_file=file)
    assert client_tls(plain) is None
    assert client_tls(secure) is not None
