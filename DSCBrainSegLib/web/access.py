"""Who may talk to the server: this browser, let in once by a link, from a page of this server.

Without this any page in the user's browser could open the web socket of the review, and on a shared
computer any user.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from aiohttp import web

COOKIE = "dscbrainseg-review"
TOKEN = "token"

REFUSED = (
    "This review is open for one browser at a time. Use the newest link that the terminal shows "
    "after 'Review:'; a link lets in one browser."
)


class Guard:
    """Lets browsers in and keeps others out.

    Parameters
    ----------
    hosts : sequence of str
        Names in the address bar that are this server; empty for any (the token still holds). A
        foreign name that leads here is a sign of DNS rebinding.
    on_used : callable
        ``on_used()`` when a link was used: the next browser needs a new one.
    """

    def __init__(self, hosts: tuple[str, ...], on_used: Callable[[], None]):
        self._hosts, self._on_used = hosts, on_used
        self._sessions: set[str] = set()
        self.token = secrets.token_urlsafe(24)

    def protect(self, application: web.Application) -> None:
        """Look at every request before the application does."""
        application.middlewares.append(self._middleware())

    def _middleware(self):
        @web.middleware
        async def check(request, handler):
            host = request.host.rsplit(":", 1)[0]
            origin = request.headers.get("Origin")
            foreign = origin is not None and origin.split("://")[-1] != request.host
            if foreign or (self._hosts and host not in self._hosts):
                raise web.HTTPForbidden(text="This address is not the review's.")
            if request.cookies.get(self._cookie(request)) not in self._sessions:
                return self._let_in(request)
            response = await handler(request)
            if not response.prepared:
                self._seal(response, request)
            return response

        return check

    def _let_in(self, request) -> web.Response:
        offered = request.query.get(TOKEN, "")
        if request.path not in ("/", "/index.html") or not secrets.compare_digest(
            offered.encode(), self.token.encode()
        ):
            raise web.HTTPForbidden(text=REFUSED)
        session = secrets.token_urlsafe(24)
        self._sessions.add(session)
        self.token = secrets.token_urlsafe(24)
        response = web.HTTPFound("/index.html")
        response.set_cookie(self._cookie(request), session, httponly=True, samesite="Strict")
        self._on_used()
        return response

    @staticmethod
    def _cookie(request) -> str:
        # Browsers share cookies between the ports of a host: two reviews need two names.
        return f"{COOKIE}-{request.host.rsplit(':', 1)[-1]}"

    @staticmethod
    def _seal(response, request) -> None:
        """Forbid the page to load anything from elsewhere, and others to frame or keep it."""
        response.headers["Content-Security-Policy"] = (
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
            f"connect-src 'self' ws://{request.host} data: blob:; "
            "frame-ancestors 'none'; form-action 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.path in ("/", "/index.html"):
            response.headers["Cache-Control"] = "no-store"
