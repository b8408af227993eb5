-- Figures of the race cars in windows of event time, into Cassandra and into the lake.

CREATE TEMPORARY TABLE race (
  v DECIMAL(13, 3),
  ${columns},
  kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  -- What has no readable time, or one that is ahead of Kafka's clock, is no sample and must not move the time of others.
  event_time AS CASE
    WHEN ts <= kafka_time + INTERVAL '${aheadSeconds}' SECOND THEN ts
    ELSE TO_TIMESTAMP_LTZ(0, 3)
  END,
  WATERMARK FOR event_time AS event_time - INTERVAL '${latenessSeconds}' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${topic}',
  ${kafka},
  'properties.group.id' = 'flink-race-windows',
  'scan.startup.mode' = 'earliest-offset',
  -- A partition whose cars rest must not hold up the windows of the others.
  'scan.watermark.idle-timeout' = '30 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'ISO-8601'
);

CREATE TEMPORARY TABLE cassandra_windows (
  engine STRING,
  car STRING,
  `hour` TIMESTAMP(3),
  window_start TIMESTAMP(3),
  window_seconds INT,
  `count` BIGINT,
  speed_mean DOUBLE,
  speed_min DOUBLE,
  speed_max DOUBLE,
  battery_min DOUBLE,
  engine_temp_max DOUBLE,
  tyre_temp_max DOUBLE,
  distance_max DOUBLE,
  lap_max INT,
  written_at TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'millrace-cassandra',
  'keyspace' = 'race',
  'table' = 'windows'
);

CREATE DATABASE IF NOT EXISTS lake.race;

CREATE TABLE IF NOT EXISTS lake.race.windows_flink (
  car STRING,
  window_start TIMESTAMP(6),
  window_seconds INT,
  `count` BIGINT,
  speed_mean DOUBLE,
  speed_min DOUBLE,
  speed_max DOUBLE,
  battery_min DOUBLE,
  engine_temp_max DOUBLE,
  tyre_temp_max DOUBLE,
  distance_max DOUBLE,
  lap_max INT,
  -- Of samples that somebody has marked, such as the proof.
  run STRING
) PARTITIONED BY (run)
WITH (
  'format-version' = '2',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20'
);

-- By the definition that the ingest and Spark have, too.
CREATE TEMPORARY VIEW samples AS
SELECT
  id, car, run, lap, distance, speed, battery, engineTemp, tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr, event_time
FROM race
WHERE ${isSample};

-- A sample that was sent again counts once.
CREATE TEMPORARY VIEW distinct_samples AS
SELECT *
FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, car, id ORDER BY event_time ASC) AS copy
  FROM TABLE(TUMBLE(TABLE samples, DESCRIPTOR(event_time), INTERVAL '${windowSeconds}' SECOND))
)
WHERE copy = 1;

CREATE TEMPORARY VIEW windows AS
SELECT
  car,
  window_start,
  COUNT(*) AS samples,
  -- The sum is exact.
  CAST(SUM(speed) AS DOUBLE) / COUNT(speed) AS speed_mean,
  CAST(MIN(speed) AS DOUBLE) AS speed_min,
  CAST(MAX(speed) AS DOUBLE) AS speed_max,
  CAST(MIN(battery) AS DOUBLE) AS battery_min,
  CAST(MAX(engineTemp) AS DOUBLE) AS engine_temp_max,
  CAST(MAX(GREATEST(tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr)) AS DOUBLE) AS tyre_temp_max,
  CAST(MAX(distance) AS DOUBLE) AS distance_max,
  CAST(MAX(lap) AS INT) AS lap_max,
  MAX(run) AS run
FROM distinct_samples
GROUP BY window_start, window_end, car;

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO cassandra_windows
  SELECT
    'flink',
    car,
    FLOOR(window_start TO HOUR),
    window_start,
    ${windowSeconds},
    samples,
    speed_mean,
    speed_min,
    speed_max,
    battery_min,
    engine_temp_max,
    tyre_temp_max,
    distance_max,
    lap_max,
    CURRENT_TIMESTAMP
  FROM windows;

  INSERT INTO lake.race.windows_flink
  SELECT
    car,
    CAST(window_start AS TIMESTAMP(6)),
    ${windowSeconds},
    samples,
    speed_mean,
    speed_min,
    speed_max,
    battery_min,
    engine_temp_max,
    tyre_temp_max,
    distance_max,
    lap_max,
    run
  FROM windows;
END;
