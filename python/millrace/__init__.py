"""The platform from Python: in notebooks, in tasks of DAGs and in programs of your own.

    import millrace

    millrace.sql("SELECT metric, avg(value) AS mean FROM telemetry.samples GROUP BY metric")   # Presto -> pandas
    millrace.spark().table("telemetry.samples").count()                                         # Spark on the cluster
    millrace.kafka().tail("telemetry", 5)                                                       # newest records
    millrace.s3().list_buckets()                                                                # boto3
    millrace.publish("report.ipynb")                                                            # home -> s3://notebooks

Addresses come from the file that MILLRACE_CONFIG names (/etc/millrace/endpoints.json), keys from the environment
(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, MILLRACE_SPARK_TOKEN): none of them belongs in a notebook. Errors of the
library are MillraceErrors and say what is missing and what to do.
"""

from ._config import Endpoints, KafkaEndpoint, PrestoEndpoint, S3Endpoint, SparkEndpoint, endpoints, home
from ._errors import (
    AccessRefused,
    MaintenanceFailed,
    MillraceError,
    MissingParameter,
    NotAvailable,
    NotConfigured,
    NotebookFailed,
    ParameterError,
    QueryFailed,
    UnknownParameter,
)
from ._kafka import Kafka, Record, kafka
from ._maintenance import Maintained, maintain
from ._notebooks import publish, run_notebook
from ._s3 import s3
from ._spark import spark
from ._sql import sql

__version__ = "0.3.0"

__all__ = [
    "AccessRefused",
    "Endpoints",
    "Kafka",
    "KafkaEndpoint",
    "Maintained",
    "MaintenanceFailed",
    "MillraceError",
    "MissingParameter",
    "NotAvailable",
    "NotConfigured",
    "NotebookFailed",
    "ParameterError",
    "PrestoEndpoint",
    "QueryFailed",
    "Record",
    "S3Endpoint",
    "SparkEndpoint",
    "UnknownParameter",
    "endpoints",
    "home",
    "kafka",
    "maintain",
    "publish",
    "run_notebook",
    "s3",
    "spark",
    "sql",
]
