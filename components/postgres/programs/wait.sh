# Sourced by the other scripts: waits until the server answers. A new pod may be refused until the network knows it, and a
# server that starts anew is away for a while.
#
# Environment: PGHOST, PGPORT; TIMEOUT_SECONDS to wait.
deadline=$((SECONDS + TIMEOUT_SECONDS))
until pg_isready --quiet; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "no answer from $PGHOST:${PGPORT:-5432} within $TIMEOUT_SECONDS s" >&2
    exit 1
  fi
  sleep 1
done
