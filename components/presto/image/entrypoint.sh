#!/bin/sh
# Becomes the server: the launcher replaces itself by Java.
set -e
# At rest Presto looks a thousand times a second whether a query waits. With this slack, in ns, the kernel wakes it up with
# other timers instead; all threads inherit it (PR_SET_TIMERSLACK).
exec python3 -B -c '
import ctypes, runpy, sys
ctypes.CDLL(None).prctl(29, ctypes.c_ulong(20_000_000))
sys.argv[0] = "/opt/presto-server/bin/launcher.py"
runpy.run_path(sys.argv[0], run_name="__main__")
' run "$@"
