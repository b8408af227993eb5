#!/bin/sh
# Runs a program of the environment, a shell or a path as it is; anything else is a sub-command of airflow.
set -eu
case "${1:-}" in
  sh | bash | */*) exec "$@" ;;
esac
if [ $# -gt 0 ] && [ -x "/opt/python/bin/$1" ]; then exec "$@"; fi
exec airflow "$@"
