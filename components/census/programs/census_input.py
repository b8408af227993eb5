"""Reads the census file for census-batch.py: CSV parts `part-*.csv` of a folder, each with a header line.

    person,region,sex,age,education,occupation,hours_per_week,income
    0,north,female,34,bachelor,employee,38,35112

All parts are checked before a line is used, and all that is wrong is told together, by part, column and value. See
docs/census.md for what the columns hold.
"""

import sys
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: Texts of a column: a pattern, and what it means.
NAME = (r"^[^\p{Cntrl}]{1,100}$", "text of 1 to 100 characters")
SEX = (r"^(female|male)$", "female or male")
#: Columns of a file in their order: their texts, or the most that a whole number may be.
FILE_COLUMNS: dict[str, tuple[str, str] | int] = {
    "person": 10**15,
    "region": NAME,
    "sex": SEX,
    "age": 150,
    "education": NAME,
    "occupation": NAME,
    "hours_per_week": 168,
    "income": 10**12,
}
#: Column of a line that has not as many columns as the file.
BROKEN = "broken"


def read_file(spark: "SparkSession", folder: str) -> "DataFrame":
    """The lines of all parts, every column as text."""
    schema = ", ".join(f"{name} string" for name in [*FILE_COLUMNS, BROKEN])
    options = {"header": "true", "escape": '"', "mode": "PERMISSIVE", "columnNameOfCorruptRecord": BROKEN}
    return spark.read.options(**options).csv(folder, schema=schema, pathGlobFilter="part-*.csv")


def header_problems(part: str, header: Sequence[str]) -> list[str]:
    expected = list(FILE_COLUMNS)
    if not header:
        return [f"{part}: has no header line: {','.join(expected)}"]
    problems = [f"{part}: column {name} is missing" for name in expected if name not in header]
    problems += [f"{part}: column {name} is not one of a census" for name in header if name not in expected]
    if not problems and list(header) != expected:
        problems = [f"{part}: the columns are {', '.join(header)}; give them in the order {', '.join(expected)}"]
    return problems


def value_problems(found: Any, rows: int | None) -> list[str]:
    """What is wrong with the values of all parts; see `checked`."""
    lines, problems = found["lines"], []
    if found[BROKEN]:
        example = found[f"{BROKEN}_example"]
        problems.append(f'{found[BROKEN]} of {lines} lines have not {len(FILE_COLUMNS)} columns, such as "{example}"')
    for name, rule in FILE_COLUMNS.items():
        if found[name]:
            kind = f"whole number from 0 to {rule}" if isinstance(rule, int) else rule[1]
            example = found[f"{name}_example"]
            what = "are empty" if example is None else f'have "{example}" or the like'
            problems.append(f"column {name}: {found[name]} of {lines} lines have no {kind}, but {what}")
    if not problems and found["persons"] != lines:
        problems.append(f"column person: {lines - found['persons']} of {lines} people are there twice")
    if rows is not None and lines != rows:
        problems.append(f"there are {lines} people, not {rows}")
    return problems or ([] if lines else ["there are no people"])


def checked(spark: "SparkSession", folder: str, rows: int | None) -> "tuple[DataFrame, int]":
    """
    The people of a file without their run, and how many they are.
    Ends the program with all problems when the file is not as it must be.
    """
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    try:
        read = read_file(spark, folder)
        parts = sorted(read.inputFiles())
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        parts = []
    problems = [] if parts else ["there is no part-*.csv"]
    for part in parts:
        problems += header_problems(part, spark.read.csv(part, header=True).columns)
    if not problems:
        tests = [F.count(F.lit(1)).alias("lines"), F.countDistinct("person").alias("persons")]
        for name, rule in [*FILE_COLUMNS.items(), (BROKEN, None)]:
            value, bad = F.col(name), F.col(name).isNotNull()
            if isinstance(rule, int):
                number = F.expr(f"try_cast({name} AS bigint)")
                bad = ~F.coalesce(value.rlike(r"^\d{1,16}$") & (number <= rule), F.lit(False))
            elif rule is not None:
                bad = ~F.coalesce(value.rlike(rule[0]), F.lit(False))
            tests += [
                F.count(F.when(bad, F.lit(1))).alias(name),
                F.min(F.when(bad, F.substring(value, 1, 80))).alias(f"{name}_example"),
            ]
        found = read.agg(*tests).first()
        problems = value_problems(found, rows)
    if problems:
        sys.exit("\n".join([f"{folder} is no census that can be read, and nothing was written:", *problems]))
    kinds = {"person": "bigint", "age": "int", "hours_per_week": "int", "income": "bigint"}
    columns = [F.col(name).cast(kinds.get(name, "string")).alias(name) for name in FILE_COLUMNS]
    return read.select(*columns), found["lines"]
