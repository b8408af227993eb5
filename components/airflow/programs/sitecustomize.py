"""Loaded by Python itself at each start. While Airflow is imported some hundred thousand objects are made that stay for ever;
to search them for garbage after each 700 new ones takes a quarter of the start.

Environment: AIRFLOW_CONN_KAFKA (JSON), which gets what opens Kafka: KAFKA_USERNAME, KAFKA_PASSWORD, and KAFKA_CA, the authority
of the brokers' certificates in PEM. Each of these may be missing.
"""

import gc
import json
import os

gc.set_threshold(50_000, 50, 100)

#: Names of librdkafka's settings.
OPENS_KAFKA = {"KAFKA_USERNAME": "sasl.username", "KAFKA_PASSWORD": "sasl.password", "KAFKA_CA": "ssl.ca.pem"}


def kafka_connection(environment):
    """The connection with what opens Kafka; None where there is nothing to add."""
    opens = {setting: environment[name] for name, setting in OPENS_KAFKA.items() if environment.get(name)}
    if not opens or "AIRFLOW_CONN_KAFKA" not in environment:
        return None
    connection = json.loads(environment["AIRFLOW_CONN_KAFKA"])
    return json.dumps(connection | {"extra": connection["extra"] | opens})


connection = kafka_connection(os.environ)
if connection is not None:
    os.environ["AIRFLOW_CONN_KAFKA"] = connection
