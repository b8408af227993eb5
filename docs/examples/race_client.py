"""A client of the race cars' ingest, with nothing but Python's own library: sends samples by WebSocket or UDP, as JSON or packed.

    python3 race_client.py ws 127.0.0.1 30310 TOKEN        prints what the ingest tells
    python3 race_client.py udp 127.0.0.1 30310 TOKEN
"""

import base64
import json
import math
import os
import socket
import struct
import sys
import time
from datetime import datetime, timezone

# As in docs/race-car.md: little-endian, without gaps.
PACKED = struct.Struct("<2sBB16sIIqdfffHHb3x15f")


def sample(car: str, seq: int, session: int) -> dict:
    """A car on a circle of 100 m, one lap in 20 s."""
    now = time.time()
    angle = 2 * math.pi * now / 20
    ts = datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    wheels = {f"tyre{what}{wheel}": value for what, value in (("Temp", 80), ("Wear", 0.1)) for wheel in ("Fl", "Fr", "Rl", "Rr")}
    return {
        "v": 1, "id": f"{car}-{session:08x}-{seq:06d}", "car": car, "seq": seq, "ts": ts, "lap": 1, "sector": 1,
        "distance": round(31.416 * seq / 50, 3), "x": round(100 * math.cos(angle), 3), "y": round(100 * math.sin(angle), 3),
        "speed": 31.416, "rpm": 8000, "gear": 4, "throttle": 0.5, "brake": 0, "steering": -0.1, "battery": 0.8,
        "engineTemp": 95, **wheels, "lapTime": 1.5, "lastLapTime": None,
    }  # fmt: skip


def packed(s: dict, session: int) -> bytes:
    last = math.nan if s["lastLapTime"] is None else s["lastLapTime"]
    ms = round(datetime.fromisoformat(s["ts"].replace("Z", "+00:00")).timestamp() * 1000)
    floats = ["throttle", "brake", "steering", "battery", "engineTemp"]
    floats += [f"tyre{what}{wheel}" for what in ("Temp", "Wear") for wheel in ("Fl", "Fr", "Rl", "Rr")]
    return PACKED.pack(
        b"RC", 1, s["sector"], s["car"].encode(), session, s["seq"], ms, s["distance"], s["x"], s["y"], s["speed"],
        s["rpm"], s["lap"], s["gear"], *(s[name] for name in floats), s["lapTime"], last,
    )  # fmt: skip


class WebSocket:
    """As much of RFC 6455 as a client needs that sends short messages and reads short texts."""

    def __init__(self, host: str, port: int, path: str, token: str) -> None:
        self.socket = socket.create_connection((host, port), timeout=20)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status = self.file.readline().decode()
        while self.file.readline() not in (b"\r\n", b""):
            pass
        if " 101 " not in status:
            raise SystemExit(f"the ingest refuses the connection: {status}{self.file.read().decode()}")

    def send(self, data: bytes, is_text: bool) -> None:
        mask = os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.socket.sendall(bytes([0x81 if is_text else 0x82]) + size + mask + body)

    def read(self) -> dict:
        while True:
            head, size = self.file.read(2)
            length = struct.unpack(">H", self.file.read(2))[0] if size == 126 else size
            text = self.file.read(length)
            if head == 0x81:
                return json.loads(text)


def main(way: str, host: str, port: int, token: str, count: int = 100) -> None:
    session = int(time.time())
    cars = [sample("python-01", seq, session) for seq in range(count)]
    # Odd ones are packed.
    messages = [packed(s, session) if s["seq"] % 2 else json.dumps(s).encode() for s in cars]
    if way == "udp":
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for message in messages:
            udp.sendto(token.encode() + message, (host, port))
        print(f"{count} packets sent; nobody says whether they came")
        return
    ws = WebSocket(host, port, "/samples", token)
    print(ws.read())
    for index, message in enumerate(messages):
        ws.send(message, is_text=index % 2 == 0)
    told: dict = {}
    while told.get("settled") != count:
        told = ws.read()
        print(told)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
