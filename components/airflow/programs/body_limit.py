"""Plugin of the API server: no request may fill its memory, whoever sends it."""

import json

from airflow.plugins_manager import AirflowPlugin

MOST_BYTES = 8 * 1024 * 1024


class BodyLimit:
    """ASGI middleware: a request with a longer body is answered 413."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        length = dict(scope.get("headers") or ()).get(b"content-length")
        if length is not None:
            if int(length) > MOST_BYTES:
                return await refuse(send)
            return await self.app(scope, receive, send)
        messages = await start_of(receive)
        if messages is None:
            return await refuse(send)

        async def replay():
            return messages.pop(0) if messages else await receive()

        await self.app(scope, replay, send)


async def start_of(receive):
    """The messages of a whole body whose length nobody told; None when it is too long."""
    messages, size = [], 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return messages


async def refuse(send):
    most = MOST_BYTES // 2**20
    detail = f"The request has more than {most} MiB. Write the data to S3 or to a table, and send its address."
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})


class BodyLimitPlugin(AirflowPlugin):
    name = "millrace_body_limit"
    fastapi_root_middlewares = [{"middleware": BodyLimit, "name": "no large requests"}]
