import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
orders = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", os.environ["KAFKA_BOOTSTRAP"])
    .option("subscribe", os.environ["TOPIC"])
    .load()
)
(
    orders.selectExpr("timestamp", "CAST(value AS STRING) AS text")
    .writeStream.format("iceberg")
    .option("checkpointLocation", "s3a://lake/checkpoints/orders")
    .toTable("lake.sales.orders")
    .awaitTermination()
)
