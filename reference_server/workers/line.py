"""The line between the parent and one of its processes: single bytes, and an end that tells of an end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Mapping

READY = b"r"  # to the parent: it serves
NEWS = b"n"  # to the parent, and from it: alerts were committed
RELIEVED = b"x"  # from the parent: another process has the place now
_READ_BYTES = 4096


class Line:
    """A process's end.

    Whatever ends the parent closes the other end: then the process is asked to end as by SIGTERM.

    Args:
        descriptor: as in `Place`; closed by `close`.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._words: Mapping[bytes, Callable[[], None]] = {}

    def listen(self, words: Mapping[bytes, Callable[[], None]]) -> None:
        """Hear the parent from now on, and do what each of its words asks for; needs a running loop."""
        self._words = words
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def say(self, word: bytes) -> None:
        """Tell the parent. One that is gone hears nothing, nor one with so much unread that it will look anyway."""
        with contextlib.suppress(OSError):
            self._socket.send(word)

    def _read(self) -> None:
        try:
            heard = self._socket.recv(_READ_BYTES)
        except OSError:
            heard = b""
        if heard:
            for word, act in self._words.items():
                if word in heard:  # however often
                    act()
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        os.kill(os.getpid(), signal.SIGTERM)
