import contextlib
import io
import subprocess
import unittest

from programs import load

load("health")
triggerer = load("triggerer")


class FakeDatabase:
    """Answers by statement; an exception is raised."""

    def __init__(self):
        self.answers = {
            triggerer.ANY_TRIGGER: False,
            triggerer.BEGIN: 7,
            triggerer.BEAT: 7,
            triggerer.BEATS: True,
            triggerer.END: None,
        }
        self.asked = []

    def ask(self, statement, *values):
        self.asked.append((statement, *values))
        answer = self.answers[statement]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def beats(self):
        return self.asked.count((triggerer.BEAT, 7))


class Process:
    def __init__(self):
        self.code = None
        self.calls = []

    def poll(self):
        return self.code

    def terminate(self):
        self.calls.append("terminate")

    def wait(self, seconds=None):
        self.calls.append("wait")

    def kill(self):
        self.calls.append("kill")


class Watch(unittest.TestCase):
    def setUp(self):
        self.now = 1000.0
        self.database = FakeDatabase()
        self.started = []
        self.watch = triggerer.Watch(self.database, self.start, lambda: self.now)

    def start(self):
        self.started.append(Process())
        return self.started[-1]

    def look(self, seconds=2):
        self.now += seconds
        with contextlib.redirect_stdout(io.StringIO()) as lines:
            self.watch.look()
        return lines.getvalue()

    def test_starts_nothing_without_a_trigger_and_has_a_heartbeat_of_its_own(self):
        for _ in range(16):
            self.look()
        self.assertEqual(self.started, [])
        self.assertEqual(self.database.asked[1][0], triggerer.BEGIN)
        self.assertEqual(self.database.beats(), 3)
        self.assertEqual(self.watch.words(), "")

    def test_starts_one_triggerer_for_the_first_trigger(self):
        self.look()
        self.database.answers[triggerer.ANY_TRIGGER] = True
        self.look()
        self.look()
        self.assertEqual(len(self.started), 1)

    def test_stops_it_when_there_has_been_no_trigger_for_a_while_and_starts_it_anew(self):
        self.database.answers[triggerer.ANY_TRIGGER] = True
        self.look()
        self.database.answers[triggerer.ANY_TRIGGER] = False
        self.look(599)
        self.assertEqual(self.started[0].calls, [])
        self.look(1)
        self.assertEqual(self.started[0].calls, ["terminate", "wait"])
        self.database.answers[triggerer.ANY_TRIGGER] = True
        self.look()
        self.assertEqual(len(self.started), 2)

    def test_kills_a_triggerer_that_does_not_stop(self):
        process = Process()

        def wait(seconds=None):
            process.calls.append("wait")
            if seconds is not None:
                raise subprocess.TimeoutExpired("airflow", seconds)

        process.wait = wait
        self.watch.triggerer = process
        self.watch.stop()
        self.assertEqual(process.calls, ["terminate", "wait", "kill", "wait"])

    def test_ends_with_a_triggerer_that_has_ended_by_itself(self):
        self.database.answers[triggerer.ANY_TRIGGER] = True
        self.look()
        self.started[0].code = 1
        with self.assertRaises(SystemExit) as ended:
            self.look()
        self.assertIn("ended with code 1", str(ended.exception))

    def test_a_triggerer_may_take_its_time_to_start_and_is_unhealthy_when_it_falls_silent(self):
        self.database.answers |= {triggerer.ANY_TRIGGER: True, triggerer.BEATS: False}
        self.look()
        self.look(100)
        self.assertEqual(self.watch.words(), "")
        before = self.database.beats()
        self.assertIn("no heartbeat", self.look(100))
        self.assertEqual(self.watch.words(), "the triggerer has had no heartbeat for 60 s")
        self.assertEqual(self.watch.own_words(), "the triggerer has had no heartbeat for 60 s")
        self.assertEqual(self.database.beats(), before)
        self.database.answers[triggerer.BEATS] = True
        self.look()
        self.assertEqual(self.watch.words(), "")

    def test_a_database_that_does_not_answer_is_told_and_asked_again(self):
        self.look()
        self.database.answers[triggerer.ANY_TRIGGER] = OSError("connection refused")
        self.look()
        self.assertEqual(self.watch.words(), "it cannot ask its database: connection refused")
        self.assertEqual(self.watch.own_words(), "", "a new start would not mend it")
        self.database.answers[triggerer.ANY_TRIGGER] = False
        self.look()
        self.assertEqual(self.watch.words(), "")

    def test_a_loop_that_stands_still_is_unhealthy(self):
        self.look()
        self.now += 61
        self.assertEqual(self.watch.words(), "it has not looked for triggers for 61 s")
        self.assertEqual(self.watch.own_words(), "it has not looked for triggers for 61 s")

    def test_a_heartbeat_whose_row_is_gone_gets_another(self):
        self.look()
        self.database.answers[triggerer.BEAT] = None
        self.look(10)
        self.look()
        self.assertEqual([statement for statement, *_ in self.database.asked].count(triggerer.BEGIN), 2)

    def test_says_its_end_in_the_database(self):
        self.look()
        self.watch.end()
        self.assertEqual(self.database.asked[-1], (triggerer.END, 7))


class Cursor:
    description = ["exists"]

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def execute(self, statement, values):
        if self.connection.is_lost:
            raise OSError("lost")

    def fetchone(self):
        return (True,)


class Connection:
    autocommit = False
    is_lost = False
    is_closed = False

    def cursor(self):
        return Cursor(self)

    def close(self):
        self.is_closed = True


class Database(unittest.TestCase):
    def test_makes_its_connection_once_and_anew_when_it_is_lost(self):
        made = []

        def connect():
            made.append(Connection())
            return made[-1]

        database = triggerer.Database(connect)
        self.assertIs(database.ask("SELECT"), True)
        self.assertIs(database.ask("SELECT"), True)
        self.assertEqual((len(made), made[0].autocommit), (1, True))
        made[0].is_lost = True
        with self.assertRaises(OSError):
            database.ask("SELECT")
        self.assertTrue(made[0].is_closed)
        self.assertIs(database.ask("SELECT"), True)
        self.assertEqual(len(made), 2)


if __name__ == "__main__":
    unittest.main()
