"""The census program with a stand-in for Spark that works out its expressions row by row, against the reference."""

import contextlib
import hashlib
import io
import math
import operator
import os
import statistics
import unittest
from datetime import datetime
from typing import Any, Callable
from unittest import mock

import support
from census_reference import person

Row = dict[str, Any]


class Column:
    """An expression over a row."""

    def __init__(self, value: Callable[[Row], Any], name: str = "") -> None:
        self.value, self.name = value, name

    def __call__(self, row: Row) -> Any:
        return self.value(row)

    def _with(self, other: Any, work: Callable[[Any, Any], Any]) -> "Column":
        right = other if isinstance(other, Column) else lit(other)
        return Column(lambda row: work(self(row), right(row)))

    def __add__(self, other: Any) -> "Column":
        return self._with(other, operator.add)

    def __mul__(self, other: Any) -> "Column":
        return self._with(other, operator.mul)

    def __truediv__(self, other: Any) -> "Column":
        return self._with(other, operator.truediv)

    def __lt__(self, other: Any) -> "Column":
        return self._with(other, operator.lt)

    def __ge__(self, other: Any) -> "Column":
        return self._with(other, operator.ge)

    def __and__(self, other: Any) -> "Column":
        return self._with(other, lambda left, right: left and right)

    def __eq__(self, other: Any) -> "Column":  # type: ignore[override]
        return self._with(other, operator.eq)

    def isin(self, *values: Any) -> "Column":
        return Column(lambda row: self(row) in values)

    def cast(self, kind: str) -> "Column":
        convert = {"bigint": int, "int": int, "string": str}[kind]
        return Column(lambda row: convert(self(row)), self.name)

    def alias(self, name: str) -> "Column":
        return Column(self.value, name)


class Case(Column):
    """CASE WHEN; null where nothing fits."""

    def __init__(self, branches: list[tuple[Column, Any]], default: Any = None) -> None:
        self.branches, self.default = branches, default
        super().__init__(self.work)

    def work(self, row: Row) -> Any:
        for test, result in self.branches:
            if test(row):
                return result(row)
        return None if self.default is None else self.default(row)

    def when(self, test: Column, result: Column) -> "Case":
        return Case([*self.branches, (test, result)])

    def otherwise(self, result: Column) -> "Case":
        return Case(self.branches, result)


def col(name: str) -> Column:
    return Column(lambda row: row[name], name)


def lit(value: Any) -> Column:
    return Column(lambda row: value)


FUNCTIONS = support.module(
    "pyspark.sql.functions",
    col=col,
    lit=lit,
    when=lambda test, result: Case([(test, result)]),
    least=lambda *columns: Column(lambda row: min(column(row) for column in columns)),
    floor=lambda column: Column(lambda row: math.floor(column(row))),
    concat=lambda *columns: Column(lambda row: "".join(column(row) for column in columns)),
    substring=lambda column, start, length: Column(lambda row: column(row)[start - 1 : start - 1 + length]),
    conv=lambda column, source, target: Column(lambda row: str(int(column(row), source))),
    sha2=lambda column, bits: Column(lambda row: hashlib.new(f"sha{bits}", column(row).encode()).hexdigest()),
)


class Frame:
    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def select(self, *columns: Column) -> "Frame":
        return Frame([{column.name: column(row) for column in columns} for row in self.rows])

    def withColumn(self, name: str, column: Column) -> "Frame":
        return Frame([{**row, name: column(row)} for row in self.rows])


class Spark:
    def __init__(self) -> None:
        self.tasks = 0

    def range(self, start: int, end: int, step: int, tasks: int) -> Frame:
        self.tasks = tasks
        return Frame([{"id": number} for number in range(start, end, step)])


class People(unittest.TestCase):
    def setUp(self) -> None:
        self.program = support.load("components/census/programs/census-batch.py", "census_batch_program")

    def made(self, rows: int, seed: int) -> list[Row]:
        with support.modules(pyspark__sql__functions=FUNCTIONS):
            found: list[Row] = self.program.people(Spark(), rows, seed).rows
            return found

    def test_are_those_of_the_reference(self) -> None:
        for seed in (0, 1, 2**31 - 1):
            self.assertEqual(self.made(1000, seed), [person(seed, number) for number in range(1000)])

    def test_never_change_for_a_seed(self) -> None:
        text = repr([list(person(1, number).values()) for number in range(1000)])
        self.assertEqual(hashlib.sha256(text.encode()).hexdigest()[:16], "11251cfe9b9a4beb")

    def test_come_in_the_shares_that_the_program_names(self) -> None:
        people = [person(5, number) for number in range(20_000)]
        for region, share in self.program.REGIONS:
            self.assertAlmostEqual(100 * sum(one["region"] == region for one in people) / len(people), share, delta=1.5)
        self.assertAlmostEqual(sum(one["sex"] == "female" for one in people) / len(people), 0.5, delta=0.015)
        self.assertEqual((min(one["age"] for one in people), max(one["age"] for one in people)), (0, 99))

    def test_make_tasks_of_bounded_size(self) -> None:
        spark = Spark()
        spark.range = lambda start, end, step, tasks: setattr(spark, "tasks", tasks) or Frame([])  # type: ignore
        with support.modules(pyspark__sql__functions=FUNCTIONS):
            for rows, tasks in [(1, 1), (100_000, 1), (100_001, 2), (10_000_000, 100)]:
                self.program.people(spark, rows, 1)
                self.assertEqual(spark.tasks, tasks)


class Figures(unittest.TestCase):
    def setUp(self) -> None:
        self.program = support.load("components/census/programs/census-batch.py", "census_batch_program")

    def test_are_the_mean_and_the_deviation_of_a_sample(self) -> None:
        for values in ([1, 2, 4], [7, 7], [person(1, number)["income"] for number in range(500)]):
            found = self.program.mean_and_deviation(len(values), sum(values), sum(value * value for value in values))
            self.assertEqual(found[0], statistics.mean(values))
            self.assertAlmostEqual(found[1], statistics.stdev(values), delta=1e-9 * max(1, found[1]))

    def test_know_no_deviation_of_one_person(self) -> None:
        self.assertEqual(self.program.mean_and_deviation(1, 5, 25), (5.0, None))

    def test_lose_nothing_by_size(self) -> None:
        large = 10**17
        values = [large, large + 1, large + 2]
        self.assertEqual(
            self.program.mean_and_deviation(3, sum(values), sum(value * value for value in values))[1], 1.0
        )

    def test_are_a_row_for_each_measure_of_each_group_in_order(self) -> None:
        measures = {
            f"{name}_{part}": 4 for name in self.program.MEASURES for part in ("sum", "squares", "minimum", "maximum")
        }
        groups = [
            {"grouping": "region", "member": "west", "count": 1, **measures},
            {"grouping": "all", "member": "all", "count": 1, **measures},
        ]
        now = datetime(2026, 11, 21)
        rows = self.program.figures(groups, 10, 1, "r", now)
        self.assertEqual(
            [row[3:6] for row in rows[:4]],
            [("all", "all", name) for name in self.program.MEASURES] + [("region", "west", "age")],
        )
        self.assertEqual(rows[0], ("r", 1, 10, "all", "all", "age", 1, 4.0, None, 4, 4, now))
        columns = self.program.TABLES[self.program.SUMMARY].split(")")[0].count(",") + 1
        self.assertEqual({len(row) for row in rows}, {columns})


class File(unittest.TestCase):
    def setUp(self) -> None:
        self.program = support.load("components/census/programs/census_input.py", "census_input_program")
        self.columns = list(self.program.FILE_COLUMNS)

    def found(self, **changes: Any) -> Row:
        """What Spark counts over a file of three people without a fault, but for the changes."""
        found: Row = {"lines": 3, "persons": 3}
        for name in [*self.columns, self.program.BROKEN]:
            found.update({name: 0, f"{name}_example": None})
        return {**found, **changes}

    def test_has_the_columns_that_the_other_program_writes(self) -> None:
        self.assertEqual(self.columns, list(person(1, 0)))
        written = (support.ROOT / "components/census/programs/file.ts").read_text(encoding="utf-8")
        listed = written.split("export const columns = [")[1].split("]")[0]
        self.assertEqual([part.strip(' \n"') for part in listed.split(",") if part.strip()], self.columns)

    def test_takes_every_person_that_is_made(self) -> None:
        kinds = {name: rule for name, rule in self.program.FILE_COLUMNS.items()}
        for number in range(2000):
            for name, value in person(3, number).items():
                rule = kinds[name]
                if isinstance(rule, int):
                    self.assertTrue(0 <= value <= rule, (name, value))
                else:
                    self.assertRegex(value, rule[0].replace(r"\p{Cntrl}", r"\x00-\x1f\x7f"))

    def test_is_refused_by_the_name_of_a_column_that_its_header_lacks(self) -> None:
        problems = self.program.header_problems
        self.assertEqual(problems("p", self.columns), [])
        self.assertEqual(problems("p", self.columns[:-1]), ["p: column income is missing"])
        renamed = ["years" if name == "age" else name for name in self.columns]
        self.assertEqual(
            problems("p", renamed), ["p: column age is missing", "p: column years is not one of a census"]
        )
        [turned] = problems("p", self.columns[::-1])
        self.assertIn("p: the columns are income, hours_per_week", turned)
        self.assertIn("give them in the order person, region", turned)
        self.assertEqual(problems("p", []), [f"p: has no header line: {','.join(self.columns)}"])

    def test_is_refused_by_the_columns_whose_values_are_wrong_all_at_once(self) -> None:
        problems = self.program.value_problems
        self.assertEqual(problems(self.found(), None), [])
        self.assertEqual(problems(self.found(), 3), [])
        self.assertEqual(
            problems(self.found(age=2, age_example="abc", region=1, sex=1, sex_example="x"), None),
            [
                "column region: 1 of 3 lines have no text of 1 to 100 characters, but are empty",
                'column sex: 1 of 3 lines have no female or male, but have "x" or the like',
                'column age: 2 of 3 lines have no whole number from 0 to 150, but have "abc" or the like',
            ],
        )
        self.assertEqual(
            problems(self.found(broken=1, broken_example="1,2"), None),
            ['1 of 3 lines have not 8 columns, such as "1,2"'],
        )

    def test_is_refused_when_people_are_missing_or_there_twice(self) -> None:
        problems = self.program.value_problems
        self.assertEqual(problems(self.found(), 4), ["there are 3 people, not 4"])
        self.assertEqual(problems(self.found(persons=2), None), ["column person: 1 of 3 people are there twice"])
        self.assertEqual(problems(self.found(lines=0, persons=0), None), ["there are no people"])


class Cassandra(unittest.TestCase):
    def setUp(self) -> None:
        self.program = support.load("components/census/programs/census-batch.py", "census_batch_program")

    def test_is_not_there_where_its_address_is_not(self) -> None:
        for environment in ({}, {"CASSANDRA_CONTACT_POINTS": ""}, {"CASSANDRA_PASSWORD": "hush"}):
            with mock.patch.dict(os.environ, environment, clear=True):
                self.assertEqual(self.program.cassandra_settings(), {})

    def test_is_spoken_to_by_the_platforms_settings(self) -> None:
        environment = {
            "CASSANDRA_CONTACT_POINTS": "a,b",
            "CASSANDRA_DATACENTER": "dc1",
            "CASSANDRA_USER": "census",
            "CASSANDRA_PASSWORD": "hush",
        }
        with mock.patch.dict(os.environ, environment, clear=True):
            found = self.program.cassandra_settings()
        self.assertEqual(
            found,
            {
                "spark.cassandra.connection.host": "a,b",
                "spark.cassandra.connection.port": "9042",
                "spark.cassandra.connection.localDC": "dc1",
                "spark.cassandra.auth.username": "census",
                "spark.cassandra.auth.password": "hush",
            },
        )


class Arguments(unittest.TestCase):
    def setUp(self) -> None:
        self.program = support.load("components/census/programs/census-batch.py", "census_batch_program")

    def test_may_name_a_file_and_then_need_no_rows_and_seed(self) -> None:
        given = self.program.arguments(["--input=s3a://inputs/census/", "--run=a"])
        self.assertEqual((given.input, given.rows, given.seed), ("s3a://inputs/census/", None, None))
        checked = self.program.arguments(["--input=s3a://inputs/census/", "--run=a", "--rows=5", "--seed=2"])
        self.assertEqual((checked.rows, checked.seed), (5, 2))

    def test_need_rows_and_seed_without_a_file(self) -> None:
        for arguments, words in [
            (["--run=a"], "give --rows and --seed, or the folder of a file with --input"),
            (["--run=a", "--rows=1"], "give --seed, or"),
        ]:
            with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as ended:
                self.program.arguments(arguments)
            self.assertEqual(ended.exception.code, 2)
            self.assertIn(words, said.getvalue())

    def test_are_refused_by_name_with_what_is_allowed(self) -> None:
        good = {"rows": "10", "seed": "1", "run": "a"}
        wrong = [
            ("rows", "0", "1 to 10000000"),
            ("rows", "1e5", '"1e5"'),
            ("seed", "-1", "0 to 2147483647"),
            ("run", "", "1 to 128"),
        ]
        for name, value, words in wrong:
            with self.subTest(name=name, value=value), contextlib.redirect_stderr(io.StringIO()) as said:
                with self.assertRaises(SystemExit) as ended:
                    self.program.arguments([f"--{key}={text}" for key, text in {**good, name: value}.items()])
                self.assertEqual(ended.exception.code, 2)
                self.assertIn(f"argument --{name}: ", said.getvalue())
                self.assertIn(words, said.getvalue())
