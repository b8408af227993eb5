"""Whether Presto has started: `python3 -c TEXT PORT SECONDS CATALOG...` ends with 0 then, else with 1.

Once it has, it is asked a few small questions, so that whoever comes first need not wait until it has loaded what
answers them: the tables of each catalog, and a few rows of the first that has some. No answer in time, or none at all, is no
fault: a catalog may be away, and the lake may be empty.
"""

import json
import sys
import time
import urllib.request


def info(port: int, seconds: float) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info", timeout=seconds) as answer:
        return json.load(answer)


HEADERS = {"X-Presto-User": "warm-up", "X-Presto-Source": "millrace"}
CANCEL_SECONDS = 0.3


def rows(port: int, sql: str, until: float) -> list:
    """The rows of a statement. One that is not answered in time is cancelled: Presto would go on with it for minutes."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/statement", sql.encode(), HEADERS)
    found: list = []
    rest: str | None = None
    try:
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no time is left")
            with urllib.request.urlopen(request, timeout=left) as answer:
                page = json.load(answer)
            rest = page.get("nextUri")
            if "error" in page:
                rest = None
                raise OSError(page["error"].get("message"))
            found += page.get("data", [])
            if rest is None:
                return found
            request = urllib.request.Request(rest, headers=HEADERS)
    finally:
        if rest is not None:
            cancel(rest)


def cancel(rest: str) -> None:
    request = urllib.request.Request(rest, headers=HEADERS, method="DELETE")
    try:
        urllib.request.urlopen(request, timeout=CANCEL_SECONDS).close()
    except OSError:
        pass


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def warm_up(port: int, catalogs: list[str], until: float) -> None:
    for catalog in catalogs:
        if time.monotonic() >= until:
            return
        try:
            tables = rows(
                port,
                f"SELECT table_schema, table_name FROM {catalog}.information_schema.tables "
                "WHERE table_schema <> 'information_schema'",
                until,
            )
            for schema, table in tables:
                few = f"SELECT * FROM {catalog}.{name(schema)}.{name(table)} LIMIT 10"
                if rows(port, f"SELECT DISTINCT * FROM ({few})", until):
                    break
        except (OSError, ValueError):
            continue


def main(port: int, seconds: float, catalogs: list[str]) -> int:
    until = time.monotonic() + seconds
    try:
        if info(port, seconds)["starting"]:
            return 1
    except (OSError, ValueError):
        return 1
    warm_up(port, catalogs, until)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
