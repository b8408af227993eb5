"""Plugin of the API server: few wrong passwords per account and address also where programs log in. Airflow itself limits
only the login page."""

import json
import time

from airflow.plugins_manager import AirflowPlugin

PATHS = ("/auth/token", "/auth/token/cli")
TRIES = 5
WINDOW_SECONDS = 40
# A body that is longer is no login.
MOST_BYTES = 64 * 1024
# Addresses and accounts remembered at most, so that made-up names cannot fill the memory.
MOST_REMEMBERED = 10_000


class LoginLimit:
    """ASGI middleware: after TRIES wrong passwords within WINDOW_SECONDS a login is answered 429 without being tried."""

    def __init__(self, app, clock=time.monotonic):
        self.app = app
        self.clock = clock
        self.failures: dict[tuple[str, str], list[float]] = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") not in PATHS:
            return await self.app(scope, receive, send)
        body = await read(receive)
        key = ((scope.get("client") or ("", 0))[0], account(body))
        if body is None or len(self.recent(key)) >= TRIES:
            return await refuse(send, 413 if body is None else 429)

        async def replay():
            nonlocal body
            if body is None:
                return await receive()
            message = {"type": "http.request", "body": body, "more_body": False}
            body = None
            return message

        async def watch(message):
            if message["type"] == "http.response.start" and message["status"] == 401:
                self.remember(key)
            await send(message)

        await self.app(scope, replay, watch)

    def recent(self, key):
        since = self.clock() - WINDOW_SECONDS
        return [moment for moment in self.failures.get(key, ()) if moment > since]

    def remember(self, key):
        if len(self.failures) >= MOST_REMEMBERED:
            self.failures = {each: moments for each in self.failures if (moments := self.recent(each))}
        if len(self.failures) < MOST_REMEMBERED:
            self.failures[key] = [*self.recent(key), self.clock()]


async def read(receive) -> bytes | None:
    """The request's body; None when it is too long."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def account(body: bytes | None) -> str:
    """Account that somebody logs in as; empty when the body is no login."""
    try:
        return str(json.loads(body or b"")["username"])
    except (ValueError, KeyError, TypeError):
        return ""


async def refuse(send, status: int):
    detail = {
        413: "The request is too long for a login.",
        429: f"Too many wrong passwords for this account; try again in {WINDOW_SECONDS} seconds.",
    }[status]
    headers = [(b"content-type", b"application/json"), (b"retry-after", str(WINDOW_SECONDS).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})


class LoginLimitPlugin(AirflowPlugin):
    name = "millrace_login_limit"
    fastapi_root_middlewares = [{"middleware": LoginLimit, "name": "few wrong passwords"}]
