"""The live app in a browser: ``python -m sim.app [--port N] [KEY=VALUE ...]``."""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import socket
import threading
import warnings
import webbrowser
from collections.abc import Callable, Sequence

from sim.base.errors import ConfigError
from sim.base.exit_codes import exit_status_of_errors
from sim.base.inputs import as_whole_number
from sim.config.compose import load_config

NEEDED = ("solara", "solara_assets", "uvicorn", "altair")  # some of those in the extras
MOST_USERS = 5_000  # that a map can show
OUR_PAGE = {
    "SOLARA_APP": "sim.app.page",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",  # no data leaves the machine
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_TITLE": "When a state restricts calls",  # until the page is there
    "SOLARA_KERNEL_CULL_TIMEOUT": "2m",  # a session ends so long after its tab was last heard of
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:9/",  # what solara-assets lacks is fetched nowhere
}
PATIENCE = 1  # with open pages, when the app ends [s]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the app until Ctrl-C."""
    parser = argparse.ArgumentParser("python -m sim.app", description="The live app in a browser.")
    parser.add_argument(
        "--port", type=as_whole_number, default=8765, help="to listen on (default: 8765)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="to listen on (default: this machine)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="as of python -m sim: seed=2"
    )
    options = parser.parse_intermixed_args(arguments)
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise SystemExit("The live app needs some more packages: make app installs and starts it.")
    with exit_status_of_errors():
        prepare(options.overrides)
        serve(options.host, options.port, _print_address if options.no_browser else _opened)


def prepare(overrides: Sequence[str]) -> None:
    """Make the page ready: refuse what cannot be run, compile what it needs.

    Raises
    ------
    ConfigError
        If there is no such society, or no map of one so large.
    """
    for override in overrides:
        if override.lstrip("+").startswith(("case_dir=", "scenario=")):
            raise ConfigError(
                f"{override}: allowed: other keys; the app shows Russia's scenarios, to be chosen "
                f"on its page (others: python -m sim {override})"
            )
    os.environ.update(OUR_PAGE)
    warnings.filterwarnings("ignore", "Cookies with samesite")  # http is enough on one machine
    from sim.app import page, sessions  # noqa: F401 (sessions end as it says once it is imported)
    from sim.app.model import LiveModel
    from sim.kernel.compiled import nothing_compiled

    page.society[:] = overrides
    config = load_config(*page.SMALL_SOCIETY, *overrides, f"+scenario={page.FIRST}")
    if config.population.n_users > MOST_USERS:
        raise ConfigError(
            f"population.n_users={config.population.n_users}: too many for a map; allowed in the "
            f"app: up to {MOST_USERS}"
        )
    if nothing_compiled():
        print("Compiling (once, about half a minute)", flush=True)
    page.look(LiveModel(config))


def serve(host: str, port: int, show: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C; `show` is called with its address.

    Raises
    ------
    ConfigError
        If the port is taken or not to be had.
    """
    import uvicorn

    try:
        listening = socket.create_server((host, port))  # who comes early waits
    except (OSError, OverflowError) as error:
        raise ConfigError(f"--host {host} --port {port}: {error}; allowed: a free one") from None
    from solara.server.starlette import app

    from sim.app.origins import private

    config = uvicorn.Config(
        private(app, host), log_level="error", timeout_graceful_shutdown=PATIENCE
    )
    gc.freeze()  # so that collections look at what sessions hold, and take no longer
    show(f"http://{host}:{listening.getsockname()[1]}/")
    uvicorn.Server(config).run(sockets=[listening])


def _print_address(address: str) -> None:
    print(f"The app is at {address} (Ctrl-C ends it)", flush=True)


def _opened(address: str) -> None:
    _print_address(address)
    threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


if __name__ == "__main__":
    main()
