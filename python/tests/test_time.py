"""The one meaning of time, over the table of cases that the end-to-end test asks the running platform too."""

import json
import os
import time
import unittest
import zoneinfo
from datetime import datetime, timezone
from typing import Any

import support
import millrace
from millrace import _literals, _sql

CASES: dict[str, Any] = json.loads(
    (support.ROOT / "tests/support/time-cases.json").read_text(encoding="utf-8")
)


class OneMeaning(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(self.machine_in, os.environ.get("TZ"))

    def machine_in(self, zone: str | None) -> None:
        os.environ.pop("TZ", None)
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()

    def test_of_a_time_without_zone_is_its_text_whatever_the_zone_of_the_machine(self) -> None:
        for zone in CASES["zones"]:
            self.machine_in(zone)
            for case in CASES["times"]:
                with self.subTest(zone=zone, **case):
                    text = case["text"]
                    self.assertEqual(_literals.literal(datetime.fromisoformat(text)), f"TIMESTAMP '{text}'")
                    self.assertEqual(_sql._CONVERTERS["timestamp"](text), datetime.fromisoformat(text))

    def test_of_an_instant_is_its_time_in_utc_also_on_the_night_of_a_clock_change(self) -> None:
        for machine in CASES["zones"]:
            self.machine_in(machine)
            for case in CASES["instants"]:
                with self.subTest(machine=machine, **case):
                    local = datetime.fromisoformat(case["local"]).replace(
                        tzinfo=zoneinfo.ZoneInfo(case["zone"]), fold=case["fold"]
                    )
                    self.assertEqual(_literals.literal(local), f"TIMESTAMP '{case['utc']} UTC'")

    def test_of_an_instant_that_presto_shows_is_its_time_in_utc_or_it_is_refused(self) -> None:
        local_times = [(case["zone"], case["local"]) for case in CASES["instants"]]
        for case in CASES["instants"]:
            shown = f"{case['local']} {case['zone']}"
            with self.subTest(shown=shown):
                if local_times.count((case["zone"], case["local"])) > 1:
                    with self.assertRaisesRegex(millrace.QueryFailed, "clock goes back"):
                        _sql._zoned(shown)
                else:
                    expected = datetime.fromisoformat(case["utc"]).replace(tzinfo=timezone.utc)
                    self.assertEqual(_sql._zoned(shown), expected)


if __name__ == "__main__":
    unittest.main()
