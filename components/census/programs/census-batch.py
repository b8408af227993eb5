"""Census data, made on the executors or read from a file, and its figures: a batch job for `spark-submit`.

    census-batch.py --rows=100000 --seed=1 --run=first
    census-batch.py --input=s3a://inputs/census/ --run=static-file

With --input people are read from the CSV parts of a folder, as census_input.py tells. --rows and --seed then tell how many
people there must be and which seed is noted with them; they may be left out.

Without --input the same rows and seed make the same people and the same figures, to the last digit, however many executors
there are: each person comes from a hash of the seed and the person's number, and the figures from exact whole sums.

People go to <catalog>.census.people:
    run string, seed bigint, person bigint (0 to rows - 1), region string, sex string (female, male), age int (0 to 99),
    education string (none, primary, secondary, vocational, bachelor, master, doctorate), occupation string (child,
    student, employee, self-employed, unemployed, homemaker, retired), hours_per_week int (0 without work),
    income bigint (a year, in whole euros; 0 for children)
Figures go to <catalog>.census.summary, a row for each numeric column of each group:
    run string, seed bigint, rows bigint, grouping string (all, region, sex, education, occupation), member string (of the
    grouping, such as `north`; `all` of `all`), measure string (age, hours_per_week, income), count bigint, mean double,
    deviation double (of the sample, by n - 1; null for one person), minimum bigint, maximum bigint, made_at timestamp_ntz

The same figures go to table `summary` of Cassandra's keyspace `census` when CASSANDRA_CONTACT_POINTS is set.

Both tables are partitioned by run, and a run's partition is replaced in one commit: a job that is run again under the same
name changes nothing else.

Arguments: --rows (1 to 10000000), --seed (0 to 2147483647), --run (1 to 128 letters, digits, dots, dashes and underscores;
other characters become dashes), --input (a folder). Environment: CATALOG=lake, NAMESPACE=census, CASSANDRA_CONTACT_POINTS,
CASSANDRA_PORT (9042), CASSANDRA_DATACENTER (datacenter1), CASSANDRA_USER, CASSANDRA_PASSWORD.
"""

import argparse
import math
import os
import re
import sys
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

NAMESPACE = f"{os.environ.get('CATALOG') or 'lake'}.{os.environ.get('NAMESPACE') or 'census'}"
PEOPLE = f"{NAMESPACE}.people"
SUMMARY = f"{NAMESPACE}.summary"
CASSANDRA = "org.apache.spark.sql.cassandra"
#: Keyspace and table.
CASSANDRA_TABLE = ("census", "summary")
MOST_ROWS = 10_000_000
#: People of one task; a task's memory does not grow with it, and its file has about 1 MB.
ROWS_PER_TASK = 100_000

# A person's hash has 64 hexadecimal digits: nine draws of seven digits each, and one digit that is left.
DRAW_DIGITS = 7
DRAWS = 9
DRAW_END = 16**DRAW_DIGITS

# Shares in per cent.
REGIONS = (("north", 30), ("east", 20), ("south", 28), ("west", 15), ("islands", 7))
EDUCATIONS = (
    ("none", 3),
    ("primary", 12),
    ("secondary", 35),
    ("vocational", 22),
    ("bachelor", 16),
    ("master", 10),
    ("doctorate", 2),
)
WORK = (("employee", 68), ("self-employed", 12), ("unemployed", 7), ("homemaker", 13))
#: Yearly income of full-time work by education, in euros.
PAY = {
    "none": 16_000,
    "primary": 19_000,
    "secondary": 27_000,
    "vocational": 31_000,
    "bachelor": 40_000,
    "master": 52_000,
    "doctorate": 64_000,
}
GROUPINGS = ("region", "sex", "education", "occupation")
MEASURES = ("age", "hours_per_week", "income")

TABLES = {
    PEOPLE: """(
        run string, seed bigint, person bigint, region string, sex string, age int, education string, occupation string,
        hours_per_week int, income bigint
    ) USING iceberg PARTITIONED BY (run)""",
    SUMMARY: """(
        run string, seed bigint, rows bigint, `grouping` string, member string, measure string, count bigint, mean double,
        deviation double, minimum bigint, maximum bigint, made_at timestamp_ntz
    ) USING iceberg PARTITIONED BY (run)""",
}
# What every reader of the platform takes.
TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "snappy",
    "write.metadata.compression-codec": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.distribution-mode": "none",
}


def whole_number(name: str, least: int, most: int) -> "Any":
    def parse(text: str) -> int:
        if re.fullmatch(r"\d{1,18}", text) and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f'{name} is "{text}"; give a whole number from {least} to {most}')

    return parse


def run_name(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", text)
    if 1 <= len(name) <= 128:
        return name
    raise argparse.ArgumentTypeError(f'run is "{text}"; give a name of 1 to 128 characters')


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="census-batch.py", description="Makes census data and its figures.")
    parser.add_argument("--rows", type=whole_number("rows", 1, MOST_ROWS))
    parser.add_argument("--seed", type=whole_number("seed", 0, 2**31 - 1))
    parser.add_argument("--run", type=run_name, required=True)
    parser.add_argument("--input")
    found = parser.parse_args(given)
    missing = [f"--{name}" for name in ("rows", "seed") if getattr(found, name) is None]
    if found.input is None and missing:
        parser.error(f"give {' and '.join(missing)}, or the folder of a file with --input")
    return found


def choice(draw: "Column", shares: Sequence[tuple[str, int]]) -> "Column":
    """One of the names, by their shares."""
    from pyspark.sql import functions as F

    bound = 0
    chosen: Any = F
    for name, share in shares:
        bound += share
        chosen = chosen.when(draw * 100 < bound * DRAW_END, F.lit(name))
    return chosen


def between(draw: "Column", least: int, most: int) -> "Column":
    """A whole number of a range, each as likely as the others."""
    from pyspark.sql import functions as F

    return F.floor(draw * (most - least + 1) / DRAW_END) + least


def people(spark: "SparkSession", rows: int, seed: int) -> "DataFrame":
    """The people without their run; see the head of this file. The tests hold the same once more in plain Python."""
    from pyspark.sql import functions as F

    def draw(number: int) -> "Column":
        digits = F.substring(F.col("hash"), 1 + number * DRAW_DIGITS, DRAW_DIGITS)
        return F.conv(digits, 16, 10).cast("bigint")

    tasks = math.ceil(rows / ROWS_PER_TASK)
    text = F.concat(F.lit(f"{seed}:"), F.col("id").cast("string"))
    hashed = spark.range(0, rows, 1, tasks).select(F.col("id").alias("person"), F.sha2(text, 256).alias("hash"))
    drawn = hashed.select(
        F.col("person"),
        *[draw(number).alias(f"d{number}") for number in range(DRAWS)],
        F.conv(F.substring(F.col("hash"), 64, 1), 16, 10).cast("bigint").alias("last"),
    )
    d = [F.col(f"d{number}") for number in range(DRAWS)]
    age, education, occupation = F.col("age"), F.col("education"), F.col("occupation")
    works = occupation.isin("employee", "self-employed")
    pay: Any = F
    for name, full in PAY.items():
        pay = pay.when(education == name, F.lit(full))
    # Whole euros at every step: no figure depends on how doubles are rounded.
    earned = F.floor(pay * F.col("hours_per_week") * between(d[7], 60, 160) / 4000)
    pension = F.floor(pay * between(d[7], 40, 70) / 100)
    made = (
        # The smaller of two numbers, so that there are more young people than old ones.
        drawn.withColumn("age", F.least(between(d[0], 0, 99), between(d[1], 0, 120)))
        .withColumn(
            "education",
            F.when(age < 6, F.lit("none")).when(age < 15, F.lit("primary")).otherwise(choice(d[2], EDUCATIONS)),
        )
        .withColumn(
            "occupation",
            F.when(age < 6, F.lit("child"))
            .when(age < 18, F.lit("student"))
            .when((age < 25) & (d[3] * 2 < DRAW_END), F.lit("student"))
            .when(age >= 67, F.lit("retired"))
            .otherwise(choice(d[4], WORK)),
        )
        .withColumn(
            "hours_per_week",
            F.when(works & (d[5] * 5 < DRAW_END), between(d[6], 10, 30))
            .when(works, between(d[6], 35, 50))
            .otherwise(F.lit(0)),
        )
        .withColumn(
            "income",
            F.when(works, earned)
            .when(occupation == "retired", pension)
            .when(age < 18, F.lit(0))
            .otherwise(between(d[7], 4_000, 14_000)),
        )
    )
    return made.select(
        F.col("person"),
        choice(d[8], REGIONS).alias("region"),
        F.when(F.col("last") < 8, F.lit("female")).otherwise(F.lit("male")).alias("sex"),
        age.cast("int").alias("age"),
        education,
        occupation,
        F.col("hours_per_week").cast("int").alias("hours_per_week"),
        F.col("income").cast("bigint").alias("income"),
    )


def write_people(made: "DataFrame", seed: int | None, run: str) -> None:
    from pyspark.sql import functions as F

    columns = [F.lit(run).alias("run"), F.lit(seed).cast("bigint").alias("seed")]
    made.select(*columns, *made.columns).writeTo(PEOPLE).overwritePartitions()


def sums(spark: "SparkSession", run: str) -> list[Any]:
    """For each group of a run its name, its size, and the whole sums that its figures are made of."""
    from pyspark.sql import functions as F

    pairs = [F.struct(F.lit("all").alias("grouping"), F.lit("all").alias("member"))]
    pairs += [F.struct(F.lit(name).alias("grouping"), F.col(name).alias("member")) for name in GROUPINGS]
    grouped = (
        spark.table(PEOPLE)
        .where(F.col("run") == run)
        .select(F.explode(F.array(*pairs)).alias("pair"), *[F.col(name).cast("bigint") for name in MEASURES])
        .groupBy("pair.grouping", "pair.member")
    )
    parts = [F.count(F.lit(1)).alias("count")]
    for name in MEASURES:
        value = F.col(name)
        parts += [
            F.sum(value).alias(f"{name}_sum"),
            F.sum(value * value).alias(f"{name}_squares"),
            F.min(value).alias(f"{name}_minimum"),
            F.max(value).alias(f"{name}_maximum"),
        ]
    return grouped.agg(*parts).collect()


def mean_and_deviation(count: int, total: int, squares: int) -> tuple[float, float | None]:
    """Of a sample, from exact whole sums: Python divides whole numbers of any size without an error in between."""
    mean = total / count
    if count == 1:
        return mean, None
    return mean, math.sqrt((count * squares - total * total) / (count * (count - 1)))


def figures(groups: Sequence[Any], rows: int, seed: int | None, run: str, made_at: datetime) -> list[tuple[Any, ...]]:
    """The rows of the summary, in the order of its columns."""
    found = []
    for group in sorted(groups, key=lambda group: (group["grouping"], group["member"])):
        for name in MEASURES:
            mean, deviation = mean_and_deviation(group["count"], group[f"{name}_sum"], group[f"{name}_squares"])
            least, most = group[f"{name}_minimum"], group[f"{name}_maximum"]
            key = (run, seed, rows, group["grouping"], group["member"], name)
            found.append((*key, group["count"], mean, deviation, least, most, made_at))
    return found


def create_tables(spark: "SparkSession") -> None:
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in TABLE_PROPERTIES.items())
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {NAMESPACE}")
    for table, definition in TABLES.items():
        spark.sql(f"CREATE TABLE IF NOT EXISTS {table} {definition} TBLPROPERTIES ({properties})")


def cassandra_settings() -> dict[str, str]:
    """Of Spark's connector; empty when the platform has no Cassandra."""
    if not os.environ.get("CASSANDRA_CONTACT_POINTS"):
        return {}
    return {
        "spark.cassandra.connection.host": os.environ["CASSANDRA_CONTACT_POINTS"],
        "spark.cassandra.connection.port": os.environ.get("CASSANDRA_PORT") or "9042",
        "spark.cassandra.connection.localDC": os.environ.get("CASSANDRA_DATACENTER") or "datacenter1",
        "spark.cassandra.auth.username": os.environ.get("CASSANDRA_USER") or "",
        "spark.cassandra.auth.password": os.environ.get("CASSANDRA_PASSWORD") or "",
    }


def write_cassandra(spark: "SparkSession", summary: "DataFrame", run: str) -> None:
    """Writes a run's figures over those that are there, and then removes what it no longer has."""
    from pyspark.sql import functions as F

    keyspace, table = CASSANDRA_TABLE
    options = {"keyspace": keyspace, "table": table}
    key = ["grouping", "member", "measure"]
    figures_now = summary.withColumn("made_at", F.col("made_at").cast("timestamp"))
    figures_now.write.format(CASSANDRA).options(**options).mode("append").save()
    there = spark.read.format(CASSANDRA).options(**options).load().where(F.col("run") == run).select(*key)
    stale = there.join(summary.select(*key), key, "left_anti").collect()
    if not stale:
        return
    jvm: Any = spark._jvm
    connector = jvm.com.datastax.spark.connector.cql.CassandraConnector.apply(spark._jsc.sc().getConf())
    session = connector.openSession()
    try:
        for row in stale:
            names = {"run": run, **row.asDict()}
            where = " AND ".join("\"{}\" = '{}'".format(name, text.replace("'", "''")) for name, text in names.items())
            session.execute(f"DELETE FROM {keyspace}.{table} WHERE {where}")
    finally:
        session.close()
    print(f"cassandra {keyspace}.{table}: removed {len(stale)} figures that run {run} no longer has", flush=True)


def make(spark: "SparkSession", given: argparse.Namespace) -> None:
    """Makes a run's partitions of both tables, and its figures in Cassandra."""
    run, seed, started = given.run, given.seed, time.monotonic()
    print(f"run {run} begins", flush=True)
    if given.input is None:
        made, rows = people(spark, given.rows, seed), given.rows
    else:
        # A module beside this file, of those who give an input only.
        from census_input import checked

        made, rows = checked(spark, given.input, given.rows)
    create_tables(spark)
    write_people(made, seed, run)
    origin = f"of seed {seed}" if given.input is None else f"from {given.input}"
    print(f"{PEOPLE}: {rows} people {origin} as run {run} after {time.monotonic() - started:.1f} s", flush=True)
    groups = sums(spark, run)
    written = next((group["count"] for group in groups if group["grouping"] == "all"), 0)
    if written != rows:
        sys.exit(f"{PEOPLE} has {written} people of run {run}, not {rows}: does another job use the same name?")
    found = figures(groups, rows, seed, run, datetime.now(timezone.utc).replace(tzinfo=None))
    summary = spark.createDataFrame(found, spark.table(SUMMARY).schema).coalesce(1)
    summary.writeTo(SUMMARY).overwritePartitions()
    print(f"{SUMMARY}: {len(found)} figures of run {run} after {time.monotonic() - started:.1f} s", flush=True)
    if cassandra_settings():
        write_cassandra(spark, summary, run)
        what = f"cassandra {'.'.join(CASSANDRA_TABLE)}"
        print(f"{what}: {len(found)} figures of run {run} after {time.monotonic() - started:.1f} s", flush=True)
    for row in found:
        if row[3] == "all":
            print(f"  {row[5]}: mean {row[7]:.2f}, deviation {row[8] or 0:.2f}, from {row[9]} to {row[10]}", flush=True)


def main() -> None:
    given = arguments()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for name, value in cassandra_settings().items():
        builder = builder.config(name, value)
    spark = (
        builder.appName(f"census-batch {given.run}")
        .config("spark.log.level", "WARN")
        .config("spark.sql.session.timeZone", "UTC")
        # Few groups: one task for them is quicker than many.
        .config("spark.sql.shuffle.partitions", "1")
        # Else a line with too many columns counts as a good one when not all columns are asked for.
        .config("spark.sql.csv.parser.columnPruning.enabled", "false")
        # The metastore takes away a lock that is silent for a minute, as a killed writer leaves it.
        .config("spark.hadoop.iceberg.hive.lock-heartbeat-interval-ms", "15000")
        .getOrCreate()
    )
    try:
        make(spark, given)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
