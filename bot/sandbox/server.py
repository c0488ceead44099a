"""A web server on this machine only, in a thread of its own."""

import socket
import threading
import time
from typing import Any

import uvicorn

START_SECONDS = 10.0
STEP = 0.01


class LocalServer:
    """One ASGI app on a loopback port; the port is known before the app is built."""

    def __init__(self, port: int = 0) -> None:
        # with the protocol named, asyncio turns Nagle's algorithm off; else each answer waits 40 ms
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, app: Any) -> None:
        """Serve from now on. Raises RuntimeError when the app does not start."""
        settings = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="auto",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        for _ in range(int(START_SECONDS / STEP)):
            if self._server.started:
                return
            time.sleep(STEP)
        raise RuntimeError("a local server did not start")

    def end(self) -> None:
        """Ask the server to end; `stop` waits for it."""
        if self._server:
            self._server.should_exit = True

    def stop(self) -> None:
        self.end()
        if self._thread:
            self._thread.join(timeout=5)
        self._socket.close()
