import asyncio
import json
import unittest

from programs import load

limit = load("body_limit")
MIB = 1024 * 1024


class BodyLimit(unittest.TestCase):
    def ask(self, pieces, length=None, kind="http"):
        """Status of the answer, and what the server has read; pieces that nobody asked for are left."""
        self.left = [
            {"type": "http.request", "body": piece, "more_body": index + 1 < len(pieces)}
            for index, piece in enumerate(pieces)
        ]
        answer, read = [], []

        async def receive():
            return self.left.pop(0)

        async def send(message):
            answer.append(message)

        async def server(scope, receive, send):
            while True:
                message = await receive()
                read.append(message["body"])
                if not message["more_body"]:
                    break
            await send({"type": "http.response.start", "status": 200, "headers": []})

        headers = [] if length is None else [(b"content-length", str(length).encode())]
        asyncio.run(limit.BodyLimit(server)({"type": kind, "headers": headers}, receive, send))
        self.answer = answer
        return answer[0]["status"], b"".join(read)

    def test_hands_ordinary_requests_on(self):
        self.assertEqual(self.ask([b"ab", b"c"], length=3), (200, b"abc"))
        self.assertEqual(self.ask([b"ab", b"c"]), (200, b"abc"))
        self.assertEqual(self.ask([b""]), (200, b""))
        self.assertEqual(self.ask([b"x" * 8 * MIB])[0], 200)

    def test_refuses_a_large_one_before_it_is_read(self):
        self.assertEqual(self.ask([b"x"], length=60 * MIB), (413, b""))
        self.assertEqual(len(self.left), 1)
        self.assertIn("more than 8 MiB", json.loads(self.answer[1]["body"])["detail"])

    def test_reads_no_further_where_the_length_is_not_told(self):
        self.assertEqual(self.ask([b"x" * MIB] * 60), (413, b""))
        self.assertEqual(len(self.left), 51)

    def test_leaves_all_else_alone(self):
        self.assertEqual(self.ask([b"x" * MIB] * 20, kind="lifespan")[0], 200)


if __name__ == "__main__":
    unittest.main()
