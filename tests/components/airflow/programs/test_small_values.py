import unittest

from programs import load

small = load("small_values")


class SmallValues(unittest.TestCase):
    def keep(self, value):
        return small.SmallXCom.serialize_value(value, key="return_value", task_id="report", dag_id="d", run_id="r")

    def test_are_kept_as_airflow_keeps_them(self):
        for value in (None, {"a": [1, 2.5, "x"]}, "x" * (small.MOST_BYTES - 2)):
            self.assertEqual(self.keep(value), value)

    def test_fail_the_task_alone_and_at_once_where_they_are_large(self):
        for value in ("x" * 60 * 2**20, ["é" * 2**20], "x" * (small.MOST_BYTES - 1)):
            with self.assertRaisesRegex(
                small.AirflowFailException, 'task "report" hands on .* MiB as "return_value"; 1 MiB is the most.*S3'
            ):
                self.keep(value)


if __name__ == "__main__":
    unittest.main()
