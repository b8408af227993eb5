import asyncio
import json
import unittest

from programs import load

limit = load("login_limit")


class LoginLimit(unittest.TestCase):
    def setUp(self):
        self.now = 0.0
        self.asked = []
        self.limit = limit.LoginLimit(self.server, clock=lambda: self.now)

    async def server(self, scope, receive, send):
        """Airflow: one right password."""
        body = (await receive())["body"]
        self.asked.append(body)
        right = b'"right"' in body
        await send({"type": "http.response.start", "status": 201 if right else 401, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def post(self, password, user="ana", client="10.0.0.1", path="/auth/token", body=None):
        """Status and body of the answer to a login, which comes in two pieces."""
        body = json.dumps({"username": user, "password": password}).encode() if body is None else body
        pieces = [
            {"type": "http.request", "body": body[:5], "more_body": True},
            {"type": "http.request", "body": body[5:], "more_body": False},
        ]
        answer = []

        async def receive():
            return pieces.pop(0)

        async def send(message):
            answer.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "client": (client, 1)}
        asyncio.run(self.limit(scope, receive, send))
        return answer[0]["status"], answer[1]["body"]

    def test_refuses_the_sixth_try_without_asking_airflow(self):
        self.assertEqual([self.post("wrong")[0] for _ in range(5)], [401] * 5)
        status, body = self.post("right")
        self.assertEqual(status, 429)
        self.assertEqual(
            json.loads(body), {"detail": "Too many wrong passwords for this account; try again in 40 seconds."}
        )
        self.assertEqual(len(self.asked), 5)

    def test_forgets_after_a_while(self):
        for _ in range(5):
            self.post("wrong")
        self.now = 41
        self.assertEqual(self.post("right")[0], 201)

    def test_counts_each_account_and_address_by_itself_and_right_passwords_not_at_all(self):
        for _ in range(5):
            self.post("wrong")
        self.assertEqual(self.post("right", user="ben")[0], 201)
        self.assertEqual(self.post("right", client="10.0.0.2")[0], 201)
        self.assertEqual([self.post("right", user="eva")[0] for _ in range(7)], [201] * 7)

    def test_hands_the_whole_request_on(self):
        self.post("right")
        self.assertEqual(json.loads(self.asked[0]), {"username": "ana", "password": "right"})

    def test_knows_the_login_of_the_command_line_and_leaves_all_else_alone(self):
        for _ in range(5):
            self.post("wrong", path="/auth/token/cli")
        self.assertEqual(self.post("wrong")[0], 429)
        self.assertEqual(self.limit.recent(("10.0.0.1", "")), [])

    def test_refuses_what_is_too_long_for_a_login(self):
        self.assertEqual(self.post("", body=b"x" * 70_000)[0], 413)
        self.assertEqual(self.post("", body=b"no json")[0], 401)

    def test_remembers_only_so_many_accounts(self):
        limit.MOST_REMEMBERED, kept = 3, limit.MOST_REMEMBERED
        self.addCleanup(setattr, limit, "MOST_REMEMBERED", kept)
        for user in "abcdef":
            self.post("wrong", user=user)
        self.assertEqual(len(self.limit.failures), 3)
        self.now = 41
        self.post("wrong", user="g")
        self.assertEqual(list(self.limit.failures), [("10.0.0.1", "g")])


if __name__ == "__main__":
    unittest.main()
