CREATE DATABASE lake.training;
CREATE TABLE lake.training.windows (car STRING, window_start TIMESTAMP(6), samples BIGINT, speed DOUBLE) PARTITIONED BY (car);
CREATE TEMPORARY TABLE samples (
  id INT,
  speed DECIMAL(9, 3),
  event_time AS CURRENT_TIMESTAMP,
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH ('connector' = 'datagen', 'number-of-rows' = '1000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '1000');
INSERT INTO lake.training.windows
SELECT CAST(MOD(id, 3) AS STRING), CAST(window_start AS TIMESTAMP(6)), COUNT(*), CAST(SUM(speed) AS DOUBLE)
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, id ORDER BY event_time ASC) AS copy
  FROM TABLE(TUMBLE(TABLE samples, DESCRIPTOR(event_time), INTERVAL '10' SECOND))
)
WHERE copy = 1
GROUP BY window_start, window_end, MOD(id, 3);
SET 'sql-client.execution.result-mode' = 'tableau';
SET 'execution.runtime-mode' = 'batch';
SELECT 'trained' AS word, SUM(samples) AS samples FROM lake.training.windows;
