"""Who may ask the app: this machine under its own names, and no page of another site.

A page of any site can have a browser ask this machine: under a name of the site's own that points
here, which the header Host then tells, or by a WebSocket, of which the header Origin tells.
"""

from __future__ import annotations

import socket

import psutil
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

EVERYWHERE = "0.0.0.0"  # noqa: S104 (a host to listen on, if asked for)


def private(app: ASGIApp, host: str) -> ASGIApp:
    """Return an app that refuses requests under foreign names and from foreign pages."""
    return TrustedHostMiddleware(
        SameOriginMiddleware(app), allowed_hosts=trusted_names(host), www_redirect=False
    )


def trusted_names(host: str) -> list[str]:
    """Return the names and addresses of this machine under which `host` may be asked."""
    names = {host, "localhost", "127.0.0.1"}
    if host == EVERYWHERE:
        interfaces = psutil.net_if_addrs().values()
        addresses = {
            one.address for each in interfaces for one in each if one.family == socket.AF_INET
        }
        names |= {socket.gethostname(), socket.getfqdn(), *addresses}
    return sorted(name.lower() for name in names)


class SameOriginMiddleware:
    """Refuses requests from pages of other origins; those without an origin are from no page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the app answer it."""
        headers = Headers(scope=scope) if scope["type"] in ("http", "websocket") else {}
        origin = headers.get("origin")
        if origin is None or origin.partition("://")[2] == headers.get("host"):
            await self._app(scope, receive, send)
        else:
            refusal = PlainTextResponse("The page is of another origin", status_code=403)
            await refusal(scope, receive, send)
