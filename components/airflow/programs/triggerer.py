"""The triggerer, which Airflow needs only while a task is deferred or an asset is watched. This program waits for the first
trigger with one small question at a time, starts `airflow triggerer` for it, and stops that when there has been none for a
while. It has a heartbeat of its own, so that Airflow knows that triggers are looked after.

Environment: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN.
"""

import os
import signal
import socket
import subprocess
import sys
import time

import health

COMMAND = ["airflow", "triggerer", "--skip-serve-logs"]
#: How long a first trigger waits for its triggerer, beside the start of that.
LOOK_SECONDS = 2
HEARTBEAT_SECONDS = 10
#: How long a triggerer stays without a trigger.
IDLE_SECONDS = 600
#: How long it may take to start, and to stop.
START_SECONDS = 180
STOP_SECONDS = 20
#: Silence after which a process counts as stuck.
SILENCE_SECONDS = 60

ANY_TRIGGER = 'SELECT EXISTS (SELECT FROM "trigger")'
BEGIN = """
INSERT INTO job (job_type, state, start_date, latest_heartbeat, hostname, unixname)
VALUES ('TriggererJob', 'running', now(), now(), %s, 'waiting for triggers') RETURNING id
"""
BEAT = "UPDATE job SET latest_heartbeat = now() WHERE id = %s RETURNING id"
END = "UPDATE job SET state = 'success', end_date = now() WHERE id = %s"
#: Whether any other than this program has a heartbeat.
BEATS = """
SELECT EXISTS (SELECT FROM job WHERE job_type = 'TriggererJob' AND state = 'running' AND id <> %s
               AND latest_heartbeat > now() - make_interval(secs => %s))
"""


class Database:
    """One connection, which is made again when it is lost."""

    def __init__(self, connect):
        self._connect = connect
        self._connection = None

    def ask(self, statement, *values):
        """The first column of the first row; None where there is none."""
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                row = cursor.fetchone() if cursor.description else None
        except Exception:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
            raise
        return None if row is None else row[0]


class Watch:
    """Looks after triggers. `start` gives a running triggerer, as `subprocess.Popen` does; `clock` seconds."""

    def __init__(self, database, start, clock=time.monotonic):
        self.database = database
        self.start = start
        self.clock = clock
        self.job = None
        self.triggerer = None
        self.problem = ""
        self.is_cut_off = False
        self.looked = clock()
        self._started = self._needed = self._beat = 0.0

    def look(self):
        """One look; raises SystemExit when the triggerer has ended by itself."""
        if self.triggerer is not None and (code := self.triggerer.poll()) is not None:
            sys.exit(f"airflow triggerer has ended with code {code}; its lines above say why")
        try:
            self._start_or_stop()
            self.problem = self._beats()
            self.is_cut_off = False
        except Exception as error:
            self.is_cut_off = True
            self.problem = f"it cannot ask its database: {error}".strip()
        if self.problem:
            print(self.problem, flush=True)
        self.looked = self.clock()

    def _start_or_stop(self):
        if self.database.ask(ANY_TRIGGER):
            self._needed = self.clock()
            if self.triggerer is None:
                print("there is a trigger: starts the triggerer", flush=True)
                self.triggerer, self._started = self.start(), self.clock()
        elif self.triggerer is not None and self.clock() - self._needed >= IDLE_SECONDS:
            print(f"no trigger for {IDLE_SECONDS} s: stops the triggerer", flush=True)
            self.stop()

    def _beats(self):
        """Writes down that triggers are looked after, or gives the reason why they are not."""
        now = self.clock()
        if self.job is None:
            self.job, self._beat = self.database.ask(BEGIN, socket.gethostname()), now
        elif now - self._beat >= HEARTBEAT_SECONDS:
            has_started = self.triggerer is not None and now - self._started > START_SECONDS
            if has_started and not self.database.ask(BEATS, self.job, SILENCE_SECONDS):
                return f"the triggerer has had no heartbeat for {SILENCE_SECONDS} s"
            self.job, self._beat = self.database.ask(BEAT, self.job), now
        return ""

    def words(self):
        """What is wrong; empty when nothing is."""
        return self._silence() or self.problem

    def own_words(self):
        """What is wrong that is not the database's fault."""
        return self._silence() or ("" if self.is_cut_off else self.problem)

    def _silence(self):
        silence = self.clock() - self.looked
        return f"it has not looked for triggers for {silence:.0f} s" if silence > SILENCE_SECONDS else ""

    def stop(self):
        triggerer, self.triggerer = self.triggerer, None
        if triggerer is None:
            return
        triggerer.terminate()
        try:
            triggerer.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            triggerer.kill()
            triggerer.wait()

    def end(self):
        """Stops all, and says so in the database if that answers."""
        self.stop()
        try:
            if self.job is not None:
                self.database.ask(END, self.job)
        except Exception as error:
            print(f"the end could not be written down: {error}", flush=True)


def main():
    import psycopg2

    address = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("postgresql+psycopg2://", "postgresql://", 1)
    watch = Watch(Database(lambda: psycopg2.connect(address)), lambda: subprocess.Popen(COMMAND))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    health.serve(watch.words, watch.own_words)
    try:
        while True:
            watch.look()
            time.sleep(LOOK_SECONDS)
    finally:
        watch.end()


if __name__ == "__main__":
    main()
