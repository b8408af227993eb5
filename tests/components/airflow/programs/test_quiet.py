import unittest
from unittest import mock

from programs import load

load("health")
quiet = load("quiet")


class FakeClock:
    def __init__(self):
        self.now = 100.0
        self.slept = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Clock(unittest.TestCase):
    def setUp(self):
        self.fake = FakeClock()
        self.work_at = None
        self.clock = quiet.Clock(lambda: self.work_at is not None and self.fake.now >= self.work_at, self.fake)

    def test_sleeps_to_the_end_where_there_is_no_work(self):
        self.clock.sleep(3.5)
        self.assertEqual(self.fake.slept, [1, 1, 1, 0.5])

    def test_wakes_within_a_second_of_work(self):
        self.work_at = 102.5
        self.clock.sleep(10)
        self.assertEqual(self.fake.slept, [1, 1, 1])

    def test_does_not_sleep_where_it_is_not_to(self):
        self.clock.sleep(0)
        self.assertEqual(self.fake.slept, [])

    def test_is_the_clock_in_all_else(self):
        self.assertEqual(self.clock.monotonic(), 100.0)


class Manager:
    """What Airflow's DAG processor has of its loop."""

    def __init__(self):
        self._processors, self._file_queue = {}, {}
        self.waited = []

    def _service_processor_sockets(self, timeout=1.0):
        self.waited.append(timeout)


class DagProcessor(unittest.TestCase):
    def setUp(self):
        self.manager = quiet.quiet_manager(Manager)()

    def test_rests_while_no_file_is_read(self):
        self.manager._service_processor_sockets(timeout=0.9)
        self.assertEqual(self.manager.waited, [5])

    def test_waits_for_its_readers_as_airflow_does(self):
        self.manager._processors["a.py"] = object()
        self.manager._service_processor_sockets(timeout=0.9)
        self.assertEqual(self.manager.waited, [0.9])

    def test_does_not_rest_before_the_next_file(self):
        self.manager._file_queue["b.py"] = None
        self.manager._service_processor_sockets(timeout=0.0)
        self.assertEqual(self.manager.waited, [0.0])


class Job:
    latest_heartbeat = "nine"

    def __init__(self):
        self.alive = True

    def is_alive(self):
        return self.alive


class Shown(unittest.TestCase):
    def test_shows_a_heartbeat_that_is_late_and_excuses_it_while_the_database_is_away(self):
        class Runner:
            def __init__(self):
                self.job = Job()

            def _execute(self):
                return "done"

        runner, answers = quiet.shown(Runner)(), [True]
        with mock.patch.object(quiet.health, "serve") as serve, mock.patch.object(
            quiet, "database_answers", lambda: answers[0]
        ):
            self.assertEqual(runner._execute(), "done")
            problem, own_problem = serve.call_args.args
            self.assertEqual((problem(), own_problem()), ("", ""))
            runner.job.alive = False
            self.assertEqual((problem(), own_problem()), ("the last heartbeat was at nine",) * 2)
            answers[0] = False
            self.assertEqual((problem(), own_problem()), ("the last heartbeat was at nine", ""))


if __name__ == "__main__":
    unittest.main()
