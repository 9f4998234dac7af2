"""Accepts connections, connects each to the target, and hands both sockets to a relay. Shell.

A client whose connection to the target fails is reset.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from scenarios.relay import Exchange, Relay, abort, prepare
from wire.errors import SensorSwarmError

Address = tuple[str, int]  # host, port

_BACKLOG = 4096
_ACCEPTED_AT_ONCE = 64
_PAUSE_S = 0.5  # before accepting again when there are no descriptors left
_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
_NO_DESCRIPTORS = "out of file descriptors: new connections wait or are reset; raise `ulimit -n`"


class ProxyError(SensorSwarmError):
    """A proxy that cannot be started as asked."""


def shown(address: Address) -> str:
    """An address as people write it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listen(address: Address) -> socket.socket:
    """Open a listening socket for an Acceptor.

    Raises:
        ProxyError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return prepare(socket.create_server(address, family=family, backlog=_BACKLOG))
    except OSError as error:
        raise ProxyError(f"cannot listen on {shown(address)}: {_reason(error)}; choose another --listen") from None


def _reason(error: OSError) -> str:
    """What the system says; the event loop and the standard library put words of their own into some errors."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def _resolve(address: Address) -> tuple[socket.AddressFamily, Address]:
    try:
        family, _, _, _, found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ProxyError(f"--to {shown(address)}: {_reason(error)}; is the host right?") from None
    return family, (str(found[0]), int(found[1]))


class Acceptor:
    """Accepts until it is closed.

    Args:
        listener: from `listen`; closed by `close`.
        to: the target.
        exchange: what the relays share.
        complain: called with one line when connections cannot be made.

    Raises:
        ProxyError: the target's host is unknown.
    """

    def __init__(
        self, listener: socket.socket, to: Address, exchange: Exchange, complain: Callable[[str], None]
    ) -> None:
        self._listener = listener
        self._to = to
        self._family, self._target = _resolve(to)
        self._exchange = exchange
        self._complain = complain
        self._connecting: set[asyncio.Task[None]] = set()
        self._told = ""  # why the last attempt failed: a storm of the same is one line
        self._accept_on()

    async def close(self) -> None:
        """Close the listener and every connection."""
        self._exchange.loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        self._exchange.close()

    def _accept_on(self) -> None:
        if self._listener.fileno() >= 0:
            self._exchange.loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                near, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                self._exchange.loop.remove_reader(self._listener)  # it would be called again at once
                self._exchange.loop.call_later(_PAUSE_S, self._accept_on)
                self._tell(_NO_DESCRIPTORS)
                return
            task = self._exchange.loop.create_task(self._connect(prepare(near)))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, near: socket.socket) -> None:
        far = None
        try:
            far = prepare(socket.socket(self._family, socket.SOCK_STREAM))
            await self._exchange.loop.sock_connect(far, self._target)
            Relay(self._exchange, near, far)
            self._told = ""
        except BaseException as error:
            for sock in (near, far):
                if sock is not None:
                    abort(sock)
            if not isinstance(error, OSError):
                raise  # cancelled
            scarce = error.errno in _OUT_OF_DESCRIPTORS
            unreachable = f"cannot connect to {shown(self._to)}: {_reason(error)}; is the server running there?"
            self._tell(_NO_DESCRIPTORS if scarce else unreachable)

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            self._told = problem
            self._complain(problem)
