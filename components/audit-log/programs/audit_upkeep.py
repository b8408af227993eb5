"""Looks after the table of what people did: small files, manifests, and old snapshots.

Environment:
  AUDIT_TABLE=lake.audit.events
"""

from stream_lake import Sinks
from stream_records import setting
from stream_tables import Upkeep


def sinks() -> Sinks:
    return Sinks(lake=(), kept={setting("AUDIT_TABLE", "lake.audit.events"): Upkeep(written="at", has_runs=False)})
