"""The server's certificate and its key: read again when they change, for certificates outlive no server any more.

What is read again counts for new connections; those that stand keep what they began with.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from wire.errors import SensorSwarmError

_log = logging.getLogger("sensorswarm.serve")
Stamp = tuple[tuple[int, int, int, int], ...]


class CertificateError(SensorSwarmError):
    """A certificate or a key that cannot be used at the start."""


def given_certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    """Read what the options name; None: they name nothing.

    Raises:
        CertificateError: they name one of the two, or what cannot be used.
    """
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise CertificateError("--tls-cert and --tls-key come together: give both")
    return Certificate(chain, key)


class Certificate:
    """A certificate chain and its private key, both PEM files.

    A pair that becomes unusable changes nothing and is told once; one that cannot be read is tried again at each look.

    Args:
        chain: the server's certificate first, then those that vouch for it.
        key: of the certificate, without a passphrase.

    Attributes:
        context: for the listener; it stays the same object.

    Raises:
        CertificateError: a file cannot be read, is no PEM, or the two do not belong together.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain, self._key = chain, key
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.set_alpn_protocols(["http/1.1"])  # a WebSocket handshake is HTTP/1.1 and nothing else
        self._told = ""  # why the pair that is there now is not used
        try:
            self._seen: Stamp = self._look()
            self._loaded: Stamp | None = self._seen
            self._load(self.context)
        except OSError as error:  # ssl.SSLError is one
            raise CertificateError(f"{self._names}: {_reason(error)}") from None

    def refresh(self) -> None:
        """Look at the files, and read them when they have changed and rest since the last look; about once a second.

        Certificate and key are replaced one after the other: between the two they do not belong together.
        """
        try:
            stamp = self._look()
        except OSError:
            return  # one is being replaced, or gone: what was read stays
        if stamp != self._seen:
            self._seen, self._told = stamp, ""
        elif stamp != self._loaded:
            self._read_again()

    def reload(self) -> None:
        """Read the files again, whether they have changed or not."""
        self._told = ""
        self._read_again()

    def _read_again(self) -> None:
        self._loaded = None
        try:
            stamp = self._look()
            # First into a context of its own: a wrong pair would leave half of itself in the one that serves.
            self._load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
            self._load(self.context)
        except OSError as error:
            if isinstance(error, ssl.SSLError):
                self._loaded = stamp  # nothing will mend it but a change
            if (reason := _reason(error)) != self._told:
                self._told = reason
                _log.warning("%s: %s; what they said before stays in force", self._names, reason)
        else:
            self._loaded, self._told = stamp, ""
            _log.info("certificate read again")

    @property
    def _names(self) -> str:
        return f"--tls-cert {self._chain} with --tls-key {self._key}"

    def _load(self, context: ssl.SSLContext) -> None:
        # Without a callback OpenSSL would ask for a passphrase at the terminal, and wait.
        context.load_cert_chain(self._chain, self._key, password=lambda: "")

    def _look(self) -> Stamp:
        found = [path.stat() for path in (self._chain, self._key)]
        return tuple((item.st_mtime_ns, item.st_ctime_ns, item.st_size, item.st_ino) for item in found)


def _reason(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate"
    return "not PEM files of a certificate and of its key without a passphrase"
