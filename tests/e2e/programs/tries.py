"""What somebody's program tries in the platform, as JSON: by title, "done" or why not. TRIES is put in before it: addresses and names."""

import json
import os
import socket
import urllib.error
import urllib.request

LIMIT = 4  # In seconds; where policies drop packets, a refusal takes this long.


def connects(host, port):
    with socket.create_connection((host, port), timeout=LIMIT):
        return "connected"


def asks(url):
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        return f"status {error.code}"


def lists(bucket):
    import millrace

    return millrace.s3().list_objects_v2(Bucket=bucket, MaxKeys=1).get("KeyCount")


def queries():
    import millrace

    return millrace.sql("SELECT count(*) AS n FROM lake.telemetry.samples").iloc[0]["n"]


def has_token():
    with open("/var/run/secrets/kubernetes.io/serviceaccount/token", encoding="utf-8") as token:
        return token.read()


def knows(names):
    """Variables that hold what only others are to know."""
    found = [name for name in names if name in os.environ]
    if not found:
        raise LookupError("no such variable")
    return found


def try_all(tries):
    results = {}
    for title, (kind, *given) in tries.items():
        try:
            KINDS[kind](*given)
            results[title] = "done"
        except Exception as error:
            results[title] = f"{type(error).__name__}: {error}"[:200]
    return json.dumps(results)


KINDS = {
    "connect": connects,
    "ask": asks,
    "list": lists,
    "query": queries,
    "token": has_token,
    "environment": knows,
}
