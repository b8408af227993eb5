import unittest
from urllib.error import HTTPError
from urllib.request import urlopen

from programs import load

health = load("health")


class Health(unittest.TestCase):
    def setUp(self):
        self.words = self.own_words = ""
        server = health.serve(lambda: self.words, lambda: self.own_words, port=0)
        self.addCleanup(server.server_close)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def answer(self, path="/health"):
        try:
            with urlopen(self.url + path, timeout=5) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_a_part_without_a_problem_is_healthy(self):
        self.assertEqual(self.answer(), (200, "healthy"))

    def test_a_problem_is_told_and_goes(self):
        self.words = "the last heartbeat was at nine"
        self.assertEqual(self.answer(), (503, "the last heartbeat was at nine"))
        self.words = ""
        self.assertEqual(self.answer(), (200, "healthy"))

    def test_a_part_of_which_nothing_is_known_is_not_healthy(self):
        server = health.serve(lambda: {}["job"], lambda: "", port=0)
        self.addCleanup(server.server_close)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.assertEqual(self.answer(), (503, "nothing is known: 'job'"))

    def test_what_a_new_start_does_not_mend_is_no_reason_for_one(self):
        self.words = "it cannot ask its database"
        self.assertEqual((self.answer()[0], self.answer("/alive")), (503, (200, "healthy")))
        self.own_words = "the last heartbeat was at nine"
        self.assertEqual(self.answer("/alive"), (503, "the last heartbeat was at nine"))

    def test_other_pages_are_not_there(self):
        self.assertEqual(self.answer("/")[0], 503)


if __name__ == "__main__":
    unittest.main()
