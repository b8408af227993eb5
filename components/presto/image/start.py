"""Presto's launcher, with the jars one by one in the order of their names: the archive of their classes, which was made with
the image, fits one order, and Java's own * stands for that of the file system."""

import ctypes
import glob
import os
import sys

LAUNCHER = "/opt/presto-server/bin/launcher.py"
sys.path.insert(0, os.path.dirname(LAUNCHER))

import launcher  # noqa: E402

build = launcher.build_java_execution


def build_with_archive(options, daemon):
    command, env = build(options, daemon)
    at = command.index("-cp") + 1
    command[at] = ":".join(sorted(glob.glob(command[at])))
    # At the address that it was made for: Debian's Java moves archives by default, and changes every page of them for that.
    java = ["-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"]
    archive = os.environ["CLASS_ARCHIVE"]
    if os.path.exists(archive):
        java.append(f"-XX:SharedArchiveFile={archive}")
    command[1:1] = java
    return command, env


# At rest Presto looks a thousand times a second whether a query waits. With this slack, in ns, the kernel wakes it up with
# other timers instead; all threads inherit it (PR_SET_TIMERSLACK).
ctypes.CDLL(None).prctl(29, ctypes.c_ulong(20_000_000))
launcher.build_java_execution = build_with_archive
# The launcher finds the server by its own path.
sys.argv[0] = LAUNCHER
launcher.main()
