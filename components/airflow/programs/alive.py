"""Probe of a part of Airflow that serves no port: its heartbeat, as the API server knows it. Starting Airflow's own check
would cost more than five seconds of a core each time.

alive.py PART           fails only when the API server says that PART is silent: its own troubles are not PART's
alive.py PART --ready   succeeds only when it says that PART is healthy

Environment: AIRFLOW_HEALTH_URL.
"""

import http.client
import json
import os
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4


def problem(part: str, health: dict) -> str:
    """What is wrong with a part; empty when nothing is known to be."""
    status = health[part]["status"]
    if status == "healthy":
        return ""
    return f"{part} is {status}, its last heartbeat was {health[part].get(f'latest_{part}_heartbeat')}"


def fetch(url: str) -> dict:
    """The health of all parts; raises when nobody can tell it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        health = json.load(connection.getresponse())
    finally:
        connection.close()
    if health["metadatabase"]["status"] != "healthy":
        raise RuntimeError("the API server cannot ask its database")
    return health


def main(part: str, ready: bool) -> str:
    """What to complain of; empty is good."""
    try:
        health = fetch(os.environ["AIRFLOW_HEALTH_URL"])
    except Exception as error:
        return f"nothing is known of {part}: {error}" if ready else ""
    return problem(part, health)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--ready" in sys.argv) or 0)
