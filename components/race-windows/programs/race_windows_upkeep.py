"""Looks after the table of the lake that Flink writes the windows of the race to: small files, manifests, and old snapshots.

Environment:
  RACE_LAKE_TABLE=lake.race.windows_flink
"""

from stream_lake import Sinks
from stream_records import setting
from stream_tables import Upkeep


def sinks() -> Sinks:
    return Sinks(lake=(), kept={setting("RACE_LAKE_TABLE", "lake.race.windows_flink"): Upkeep(written="window_start")})
