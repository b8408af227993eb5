"""Uses the parts of Spark that the platform's programs use. It has no service to talk to, so what needs one must fail, and
is tried only for the classes that it takes."""

import time
from typing import Any, Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

NOWHERE = "127.0.0.1:9"
TABLE = "lake.training.samples"
SCHEMA = "id string, node string, metric string, value double, ts timestamp"
ICEBERG = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
SETTINGS = {
    "spark.sql.extensions": ICEBERG,
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalog.lake": "millrace.LakeCatalog",
    "spark.sql.catalog.lake.type": "hadoop",
    "spark.sql.catalog.lake.warehouse": "/tmp/warehouse",
    "spark.sql.catalog.hive": "millrace.LakeCatalog",
    "spark.sql.catalog.hive.type": "hive",
    "spark.sql.catalog.hive.uri": f"thrift://{NOWHERE}",
    "spark.sql.catalog.hive.warehouse": "s3a://lake/warehouse",
    "spark.hadoop.fs.s3a.endpoint": f"http://{NOWHERE}",
    "spark.hadoop.fs.s3a.endpoint.region": "training",
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.attempts.maximum": "1",
    "spark.hadoop.fs.s3a.retry.limit": "0",
    "spark.hadoop.hive.metastore.connect.retries": "1",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.scheduler.mode": "FAIR",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": "file:///tmp/events",
    "spark.eventLog.rolling.enabled": "true",
    "spark.eventLog.compress": "true",
    "spark.ui.port": "4040",
}
KUBERNETES = {
    "spark.master": f"k8s://http://{NOWHERE}",
    "spark.kubernetes.container.image": "training",
    "spark.kubernetes.driver.connectionTimeout": "1000",
    "spark.kubernetes.driver.requestTimeout": "1000",
    "spark.kubernetes.driver.pod.name": "training",
}
# What an executor's process has and a driver's has not.
EXECUTOR = [
    "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend$",
    "org.apache.spark.executor.CoarseGrainedExecutorBackend",
    "org.apache.spark.executor.ExecutorLogUrlHandler",
    "org.apache.spark.deploy.history.HistoryServer",
]


def without_service(what: str, attempt: Callable[[], Any]) -> None:
    began = time.monotonic()
    try:
        attempt()
        print(f"train.py: {what}: worked", flush=True)
    except Exception as error:  # noqa: BLE001
        reason = str(error).strip().splitlines()[0][:160]
        print(f"train.py: {what}: {time.monotonic() - began:.1f} s, {reason}", flush=True)


def write(batch: DataFrame, epoch: int) -> None:
    batch.persist()
    if not batch.isEmpty():
        batch.writeTo(TABLE).option("snapshot-property.batch", str(epoch)).append()
        batch.groupBy("node", F.window("ts", "10 seconds").alias("of")).agg(
            F.count("*"), F.avg("value"), F.min("value"), F.max("ts"), F.expr("max_by(value, ts)")
        ).collect()
    batch.unpersist()


def stream(spark: SparkSession) -> None:
    said = spark.readStream.format("rate").option("rowsPerSecond", "50").load()
    text = F.to_json(
        F.struct(
            F.col("value").cast("string").alias("id"),
            F.lit("node").alias("node"),
            F.lit("metric").alias("metric"),
            F.col("value").cast("double").alias("value"),
            F.col("timestamp").alias("ts"),
        )
    )
    records = said.select(F.from_json(text, SCHEMA).alias("record")).select("record.*").where("id is not null")
    query = (
        records.withColumn("ts", F.col("ts").cast("timestamp_ntz"))
        .writeStream.queryName("training")
        .option("checkpointLocation", "/tmp/checkpoint")
        .trigger(processingTime="1 seconds")
        .foreachBatch(write)
        .start()
    )
    deadline = time.monotonic() + 1200
    while (query.lastProgress is None or query.lastProgress["batchId"] < 3) and time.monotonic() < deadline:
        if query.exception() is not None:
            raise query.exception()
        time.sleep(0.5)
    query.stop()


def tables(spark: SparkSession) -> None:
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.training")
    spark.sql(
        f"CREATE TABLE {TABLE} (id string, node string, metric string, value double, ts timestamp_ntz) "
        "USING iceberg PARTITIONED BY (days(ts), node)"
    )


def maintain(spark: SparkSession) -> None:
    name = TABLE.removeprefix("lake.")
    spark.sql(f"CALL lake.system.rewrite_data_files(table => '{name}', options => map('rewrite-all', 'true'))").collect()
    spark.sql(f"CALL lake.system.rewrite_manifests('{name}')").collect()
    spark.sql(f"CALL lake.system.expire_snapshots(table => '{name}', retain_last => 1)").collect()
    count = spark.table(TABLE).count()
    if count == 0:
        raise RuntimeError("the stream wrote nothing")
    spark.sql(f"SELECT * FROM {TABLE}.snapshots").collect()
    print(f"train.py: {count} rows", flush=True)


def kafka(spark: SparkSession) -> None:
    options = {
        "kafka.bootstrap.servers": NOWHERE,
        "subscribe": "training",
        "kafka.request.timeout.ms": "1000",
        "kafka.default.api.timeout.ms": "1000",
        "fetchOffset.numRetries": "1",
    }
    spark.read.format("kafka").options(**options).load().collect()


def consumer(spark: SparkSession) -> None:
    jvm: Any = spark._jvm
    settings = jvm.java.util.Properties()
    settings.put("bootstrap.servers", NOWHERE)
    settings.put("group.id", "training")
    for side in ("key", "value"):
        settings.put(f"{side}.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer")
    made = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(settings)
    made.assign(jvm.java.util.List.of(jvm.org.apache.kafka.common.TopicPartition("training", 0)))
    made.poll(jvm.java.time.Duration.ofMillis(500))
    made.close(jvm.java.time.Duration.ofMillis(100))


def cassandra(spark: SparkSession) -> None:
    spark.conf.set("spark.cassandra.connection.host", "127.0.0.1")
    spark.conf.set("spark.cassandra.connection.port", "9")
    spark.conf.set("spark.cassandra.auth.username", "training")
    spark.conf.set("spark.cassandra.auth.password", "training")
    rows = spark.createDataFrame([("a", 1.0)], "id string, value double")
    writer = rows.write.format("org.apache.spark.sql.cassandra").mode("append")
    writer.options(keyspace="training", table="training").save()


def main() -> None:
    builder = SparkSession.builder.appName("training")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    tables(spark)
    stream(spark)
    maintain(spark)
    jvm: Any = spark._jvm
    for name in EXECUTOR:
        jvm.java.lang.Class.forName(name)
    without_service("S3", lambda: spark.read.text("s3a://lake/training").collect())
    without_service("metastore", lambda: spark.sql("SHOW NAMESPACES IN hive").collect())
    without_service("Kafka", lambda: kafka(spark))
    without_service("Kafka's consumer", lambda: consumer(spark))
    without_service("Cassandra", lambda: cassandra(spark))
    spark.stop()
    for key, value in KUBERNETES.items():
        builder = builder.config(key, value)
    without_service("Kubernetes", builder.getOrCreate)


if __name__ == "__main__":
    main()
