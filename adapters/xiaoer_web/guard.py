"""Who may ask: only this machine's own browser, only from our own pages."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xiaoer_web.files import LARGEST

NAMES = ("localhost", "127.0.0.1", "[::1]")
BODY_LIMIT = 64 * 1024
"""Bytes of a request's body."""

UPLOAD = "/file"
"""Where files are posted, which are no JSON and larger."""

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """Refuses what does not come from our own pages, and says in every answer what pages may do.

    Checking Host stops a foreign site whose name was made to point at this machine; checking Origin stops a foreign
    page that posts here.

    Args:
        app: what is guarded.
        port: where we listen.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in NAMES}
        if port == 80:
            self._hosts.update(NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer why not."""
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            status, sentence = refusal
            await PlainTextResponse(sentence, status)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if host.lower() not in self._hosts:
            return 421, "This sandbox answers on localhost only: open the address that was printed at the start."
        if method in ("GET", "HEAD"):
            return None
        if method != "POST":
            return 405, "Only GET and POST are answered here."
        if headers.get("origin", "").lower() != f"http://{host.lower()}":
            return 403, "This request did not come from the sandbox's own page: reload the page and try again."
        return _body_refusal(path, headers)


def _body_refusal(path: str, headers: Headers) -> tuple[int, str] | None:
    # neither type may be sent by a foreign page without asking first (Fetch standard, CORS-safelisted request-header)
    kind, limit = ("application/octet-stream", LARGEST) if path == UPLOAD else ("application/json", BODY_LIMIT)
    if headers.get("content-type", "").partition(";")[0].strip() != kind:
        return 415, f"Send {'the file' if path == UPLOAD else 'JSON'}, with the content type {kind}."
    length = headers.get("content-length", "")
    if not length.isdigit():
        return 411, "Say how long the request is."
    if int(length) > limit:
        size = f"{limit // 2**20} MB" if path == UPLOAD else f"{limit // 1024} kB"
        return 413, f"That is too much at once: at most {size}."
    return None
