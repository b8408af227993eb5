"""Health pages of a part of Airflow that has no pages of its own: `GET /health` is 200, or 503 with what is wrong. `GET /alive` is
the same for what a new start could mend: a database that is away is not among that. They cost next to nothing, where a
program that is started for each probe costs a tenth of a second of a core.
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = 8974
#: The loop of the server looks only in between whether it is to end, which it is not.
POLL_SECONDS = 60


def serve(problem, own_problem, port=PORT):
    """Answers from a thread of its own. Both give what is wrong in words, empty when nothing is: `problem` for `/health`,
    `own_problem` for `/alive`. Returns the server.
    """
    pages = {"/health": problem, "/alive": own_problem}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                words = pages[self.path]() if self.path in pages else f"there is no page {self.path}"
            except Exception as error:
                words = f"nothing is known: {error}"
            self.send_response(503 if words else 200)
            self.end_headers()
            self.wfile.write((words or "healthy").encode())

        def log_message(self, *args):
            """Probes are no news."""

    server = HTTPServer(("", port), Page)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True).start()
    return server
