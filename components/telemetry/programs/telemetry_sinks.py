"""What the streams make of the topic of telemetry: good records in `samples`, all others in `dead_letter` with the reason.

Environment, with defaults: TOPIC=telemetry, CATALOG=lake, NAMESPACE=telemetry.
"""

import stream_rules as rules
import stream_tables as tables
from stream_lake import LakeTable, Sinks
from stream_records import setting

TOPIC = setting("TOPIC", "telemetry")
NAMESPACE = f"{setting('CATALOG', 'lake')}.{setting('NAMESPACE', 'telemetry')}"


def sinks() -> Sinks:
    return Sinks(
        lake=(
            LakeTable(f"{NAMESPACE}.samples", tables.SAMPLES, (TOPIC,), rules.samples, before="telemetry/samples"),
            LakeTable(
                f"{NAMESPACE}.dead_letter",
                tables.DEAD_LETTER,
                (TOPIC,),
                rules.dead_letters,
                of_good=False,
                before="telemetry/dead-letter",
            ),
        ),
        former_groups=("spark-telemetry-samples", "spark-telemetry-dead-letter"),
    )
