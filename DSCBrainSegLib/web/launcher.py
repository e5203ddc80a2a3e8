"""Tell the page where its web socket is."""

from __future__ import annotations

from aiohttp import web

LAUNCHER_PATH = "/paraview/"
"""Where trame's page asks first; without an answer the browser's console reports an error."""


def tell_socket(application: web.Application) -> None:
    """Answer the question that the page asks before it connects."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"sessionURL": f"ws://{request.host}/ws"})

    application.router.add_post(LAUNCHER_PATH, answer)
