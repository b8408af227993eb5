"""How images of Java services are trained: the service runs in the build until its work is done. When it ends, Java writes the
classes that it used to $CLASS_ARCHIVE, as its options say."""

import os
import pathlib
import socket
import subprocess
import sys
import time
from typing import Callable, Mapping, Sequence, TypeVar

LOG = pathlib.Path("/tmp/training.log")
#: The machine may be slow, and busy with other builds.
MOST_SECONDS = 1800

Found = TypeVar("Found")


class Untrained(Exception):
    """What was wrong, in words."""


def train(
    command: Sequence[str], environment: Mapping[str, str], look: Callable[[], Found | None], work: Callable[[Found], None]
) -> None:
    """Ends the program with the cause, and with the service's last lines, when anything is wrong.

    :param environment: what the service has in it besides that of the build
    :param look: whether the service is up: what it gives then goes to `work`
    :param work: what the service is trained with
    """
    # A build's only network does not know the container's name.
    with open("/etc/hosts", "a") as hosts:
        hosts.write(f"127.0.0.1 {socket.gethostname()}\n")
    try:
        with LOG.open("w") as log:
            server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        work(wait_for(server, look))
        server.terminate()
        server.wait(timeout=MOST_SECONDS)
        archive = os.environ["CLASS_ARCHIVE"]
        if not os.path.exists(archive):
            raise Untrained(f"Java wrote no {archive}")
    except Exception as error:
        print("\n".join(LOG.read_text().splitlines()[-80:]), file=sys.stderr)
        sys.exit(f"train.py: {error}")


def wait_for(server: subprocess.Popen, look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + MOST_SECONDS
    while (found := look()) is None:
        if server.poll() is not None or time.monotonic() > deadline:
            raise Untrained("the service did not start")
        time.sleep(0.5)
    return found
