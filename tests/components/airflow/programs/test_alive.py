import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

from programs import load

alive = load("alive")


class Alive(unittest.TestCase):
    def setUp(self):
        self.health = {
            "metadatabase": {"status": "healthy"},
            "triggerer": {"status": "healthy", "latest_triggerer_heartbeat": "2026-11-21T09:00:00+00:00"},
        }
        case = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(case.health).encode())

            def log_message(self, *args):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.ask_at(f"http://127.0.0.1:{server.server_port}/api/v2/monitor/health")

    def ask_at(self, url):
        patch = mock.patch.dict(os.environ, {"AIRFLOW_HEALTH_URL": url})
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_part_with_a_heartbeat_is_alive_and_ready(self):
        self.assertEqual(alive.main("triggerer", ready=False), "")
        self.assertEqual(alive.main("triggerer", ready=True), "")

    def test_a_silent_part_is_neither(self):
        self.health["triggerer"]["status"] = "unhealthy"
        expected = "triggerer is unhealthy, its last heartbeat was 2026-11-21T09:00:00+00:00"
        self.assertEqual(alive.main("triggerer", ready=False), expected)
        self.assertEqual(alive.main("triggerer", ready=True), expected)

    def test_where_nobody_knows_it_lives_on_and_is_not_ready(self):
        self.health["metadatabase"]["status"] = "unhealthy"
        self.health["triggerer"]["status"] = "unhealthy"
        self.assertEqual(alive.main("triggerer", ready=False), "")
        self.assertEqual(
            alive.main("triggerer", ready=True),
            "nothing is known of triggerer: the API server cannot ask its database",
        )
        self.ask_at("http://127.0.0.1:9/")
        self.assertEqual(alive.main("triggerer", ready=False), "")
        self.assertRegex(alive.main("triggerer", ready=True), "^nothing is known of triggerer: .*refused")


if __name__ == "__main__":
    unittest.main()
