"""A TCP proxy that stops in the middle: for tests of what happens while a request hangs."""

from __future__ import annotations

import contextlib
import socket
import threading


class StallingProxy:
    """Passes bytes between clients and a server on loopback until clients have sent `stall_at` `times` times.

    From then on nothing more is passed on for any client, and no connection is closed: the server hangs, as
    far as the clients can tell. `stalled` is set at that moment.
    """

    def __init__(self, target_port: int, stall_at: bytes, *, times: int = 1) -> None:
        self.stalled = threading.Event()
        self._flowing = threading.Event()
        self._flowing.set()
        self._target_port = target_port
        self._stall_at = stall_at
        self._left = times
        self._counting = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> StallingProxy:
        return self

    def resume(self) -> None:
        """Everything is passed on again, from now on without end."""
        self._flowing.set()

    def __exit__(self, *_: object) -> None:
        self._flowing.set()
        for open_socket in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed by __exit__
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target_port))
                self._sockets += [client, server]
                threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        tail = b""
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if from_client:
                    # The stream may cut the needle in two: look at the end of what came before as well.
                    seen = tail + data
                    self._count(seen.count(self._stall_at))
                    tail = seen[-(len(self._stall_at) - 1) :]
                self._flowing.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _count(self, hits: int) -> None:
        with self._counting:
            self._left -= hits
            if self._left <= 0 and not self.stalled.is_set():
                self._flowing.clear()
                self.stalled.set()
