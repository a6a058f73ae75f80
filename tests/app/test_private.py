"""The app is private: foreign names and pages are refused, sessions end, and memory stays."""

import asyncio
import importlib.util
import json
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psutil
import pytest

from sim import load_config
from sim.app import model as live
from sim.app.model import LiveModel, Societies
from tests.helpers.serving import serving

needs_solara = pytest.mark.skipif(
    importlib.util.find_spec("solara") is None, reason="not here: solara"
)
SMALL = ("population.n_users=100", "engine.threads=1")
OURS = "127.0.0.1:8765"
SERVE = """
import sim.app.__main__ as app
app.OUR_PAGE["SOLARA_KERNEL_CULL_TIMEOUT"] = "1s"  # the test has no two minutes
app.main(["--no-browser", "--port", "0", "population.n_users=500"])
"""


def answer(kind, host, origin):
    """Return the status with which a request is answered: 200 by the app itself."""
    from sim.app.origins import private

    sent = []

    async def app(_scope, _receive, send):
        await send({"status": 200})

    async def send(message):
        sent.append(message)

    headers = {"host": host, "origin": origin}
    scope = {
        "type": kind, "path": "/", "method": "GET", "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v is not None],
    }  # fmt: skip
    asyncio.run(private(app, "127.0.0.1")(scope, None, send))
    return sent[0]["status"]


@needs_solara
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        (OURS, None, 200),
        (OURS, f"http://{OURS}", 200),
        ("localhost:9000", "http://localhost:9000", 200),  # through a tunnel
        ("evil.example", None, 400),  # a name that points to this machine
        ("evil.example:8765", "http://evil.example:8765", 400),
        ("127.0.0.1.evil.example", None, 400),
        (None, None, 400),
        (OURS, "http://evil.example", 403),
        (OURS, "http://127.0.0.1:9999", 403),
        (OURS, f"http://{OURS}.evil.example", 403),
        (OURS, f"http://evil.example/{OURS}", 403),
        (OURS, "null", 403),
        (OURS, "", 403),
    ],
)
def test_foreign_names_and_pages_are_refused(kind, host, origin, status):
    assert answer(kind, host, origin) == status


@needs_solara
def test_who_is_asked_for_everywhere_answers_under_names_of_this_machine_alone():
    from sim.app.origins import EVERYWHERE, trusted_names

    assert trusted_names("127.0.0.1") == ["127.0.0.1", "localhost"]
    assert {"localhost", "127.0.0.1"} < {*trusted_names(EVERYWHERE)}
    assert "*" not in trusted_names(EVERYWHERE)


def test_sessions_share_a_society_and_nothing_that_moves(monkeypatch):
    monkeypatch.setattr(live, "_societies", Societies())
    half = "policies.call_restriction.grade=0.5"
    config = load_config("+scenario=call_ban_only", *SMALL)
    one, other = LiveModel(config), LiveModel(load_config("+scenario=call_ban", half, *SMALL))
    assert one.society is other.society
    assert (
        LiveModel(load_config("+scenario=call_ban_only", *SMALL, "seed=2")).society
        is not one.society
    )
    for _ in range(15):
        one.step()
    fresh = LiveModel(config)
    for _ in range(15):
        fresh.step()
    assert fresh.timeseries().equals(one.timeseries())


def test_only_the_last_societies_are_kept(monkeypatch):
    monkeypatch.setattr(live, "MOST", 1)
    societies = Societies()
    first, second = (load_config(*SMALL, f"seed={seed}") for seed in (1, 2))
    kept = societies.of(first)
    assert societies.of(first) is kept
    societies.of(second)
    assert societies.of(first) is not kept


@needs_solara
def test_what_the_page_does_not_offer_is_ignored():
    """A client may send anything as the value of a control."""
    from sim.app.page import one_of

    chosen = []
    choose = one_of(["call_ban", "baseline"], chosen.append)
    for value in ("../../etc/passwd", None, 10**9, {}, "baseline"):
        choose(value)
    assert chosen == ["baseline"]


@pytest.fixture(scope="module")
def server():
    arena = {"MALLOC_ARENA_MAX": "1"}  # or threads spread what they free
    with serving(sys.executable, "-c", SERVE, env=arena) as process:
        yield process


def asked(server, path="/", **headers):
    """Return the status and the text of an answer."""
    connection = HTTPConnection(urlsplit(server.address).netloc)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


@needs_solara
@pytest.mark.slow
def test_the_server_answers_its_own_page_and_no_other(server):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    assert "When a state restricts calls" in asked(server)[1]
    assert asked(server, Host="evil.example")[0] == 400
    assert asked(server, Origin="http://evil.example")[0] == 403
    channels = f"{server.address.replace('http', 'ws')}jupyter/api/kernels/a/channels?session_id=b"
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(channels, origin="http://evil.example"),
    ):
        pass


@needs_solara
@pytest.mark.slow
def test_sessions_end_when_their_tabs_are_gone_and_memory_stays(server):
    """Each session kept seven megabytes for good, after it had been held for a day."""
    process = psutil.Process(server.pid)

    def visit(n):
        from tests.helpers.tab import Tab

        tabs = [Tab(server.address) for _ in range(n)]
        for tab in tabs:
            tab.wait_for("step 1 of 52")
        assert n_sessions() == n
        for tab in tabs:
            tab.close()
        until = time.monotonic() + 60
        while n_sessions():
            assert time.monotonic() < until, "sessions do not end"
            time.sleep(0.05)
        return process.memory_info().rss / 2**20

    def n_sessions():
        return json.loads(asked(server, "/resourcez")[1])["kernels"]["total"]

    visit(3)
    before = visit(3)
    assert max(visit(3) for _ in range(4)) < before + 30
