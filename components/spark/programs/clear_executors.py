"""Removes the executors that a driver before this one has left, and waits until they are gone: the next have their names.

Environment: EXECUTORS_NAMESPACE, and EXECUTORS, the selector of their labels.
"""

import json
import os
import ssl
import time
import urllib.parse
import urllib.request

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
API = "https://kubernetes.default.svc"
# In seconds. A node that is gone holds its pods for five minutes.
PATIENCE = 360
PAUSE = 2
ASK = 30


def pods_path(namespace, selector):
    return f"/api/v1/namespaces/{namespace}/pods?{urllib.parse.urlencode({'labelSelector': selector})}"


def ask(method, path):
    """What the API server answers, as JSON."""
    with open(f"{ACCOUNT}/token", encoding="utf-8") as file:
        headers = {"Authorization": f"Bearer {file.read()}", "Accept": "application/json"}
    request = urllib.request.Request(API + path, method=method, headers=headers)
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    with urllib.request.urlopen(request, timeout=ASK, context=context) as answer:
        return json.load(answer)


def clear(path, ask, sleep=time.sleep, patience=PATIENCE):
    """Deletes the pods of a path until there are none.

    Raises:
        TimeoutError: one does not go.
    """
    for _ in range(patience // PAUSE):
        left = [pod["metadata"]["name"] for pod in ask("GET", path)["items"]]
        if not left:
            return
        print(f"executors of a driver that is gone: {', '.join(left)}", flush=True)
        ask("DELETE", path)
        sleep(PAUSE)
    raise TimeoutError(f"executors of a driver that is gone do not go: {', '.join(left)}")


if __name__ == "__main__":
    clear(pods_path(os.environ["EXECUTORS_NAMESPACE"], os.environ["EXECUTORS"]), ask)
