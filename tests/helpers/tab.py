"""A tab of the live app without a browser: what its page sends over the WebSocket, and gets."""

import json
import uuid
from contextlib import suppress
from datetime import UTC, datetime

from websockets.sync.client import connect


class Tab:
    """A page that has been opened, until it is closed.

    Parameters
    ----------
    address : str
        Of the app, http://HOST:PORT/.
    """

    def __init__(self, address):
        self._comm, kernel, page = (uuid.uuid4().hex for _ in range(3))
        at = f"{address.replace('http', 'ws')}jupyter/api/kernels/{kernel}/channels"
        self._connection = connect(
            f"{at}?session_id={page}", origin=address.rstrip("/"), max_size=None,
            max_queue=None, ping_interval=None, close_timeout=1,
        )  # fmt: skip
        self._socket = self._connection.__enter__()
        self._read = ""
        self._send("comm_open", target_name="solara.control", data={})
        self._send("comm_msg", data={"method": "run", "args": {"path": ""}})
        self.wait_for('"method": "finished"')

    def _send(self, kind, **content):
        header = {
            "msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "", "username": "",
            "date": datetime.now(UTC).isoformat(), "version": "5.3",
        }  # fmt: skip
        message = {"header": header, "content": {"comm_id": self._comm, **content}}
        rest = {"parent_header": {}, "metadata": {}, "buffers": [], "channel": "shell"}
        self._socket.send(json.dumps(message | rest))

    def wait_for(self, text):
        """Wait until a text has come."""
        while text not in self._read:
            self._read += str(self._socket.recv(timeout=60))

    def close(self):
        """Go without a word, as a tab that crashes or a machine that is shut."""
        with suppress(OSError):
            self._connection.__exit__(None, None, None)
