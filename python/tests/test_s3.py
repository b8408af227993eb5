import os
from datetime import datetime, timedelta, timezone

import support
import millrace
from millrace import _s3


class Client(support.PlatformCase):
    def test_is_made_of_the_address_and_the_programs_own_key(self) -> None:
        with support.s3_client(support.FakeS3()) as made:
            self.assertIs(millrace.s3(), millrace.s3())
        self.assertEqual(len(made), 1)
        config = made[0].pop("config")
        self.assertEqual(
            made[0],
            {
                "service": "s3",
                "endpoint_url": "http://s3.example:9000",
                "region_name": "eu-1",
                "aws_access_key_id": "id",
                "aws_secret_access_key": "hush",
            },
        )
        self.assertEqual(config["s3"], {"addressing_style": "path"})
        # The old signature of addresses that are signed beforehand is answered 403.
        self.assertEqual(config["signature_version"], "s3v4")

    def test_shows_the_token_of_a_key_that_ends(self) -> None:
        os.environ["AWS_SESSION_TOKEN"] = "session-1"
        with support.s3_client(support.FakeS3()) as made:
            millrace.s3()
        self.assertEqual(made[0]["aws_session_token"], "session-1")

    def test_has_the_address_from_outside_for_links_that_others_open(self) -> None:
        with support.s3_client(support.FakeS3()) as made:
            with self.says(millrace.NotConfigured, "no address outside the cluster", '"published"'):
                millrace.s3(published=True)
            self.endpoints({**support.ENDPOINTS, "published": {"s3": "http://127.0.0.1:30900"}})
            self.assertEqual(millrace.endpoints().published, {"s3": "http://127.0.0.1:30900"})
            millrace.s3(published=True)
        self.assertEqual(made[0]["endpoint_url"], "http://127.0.0.1:30900")

    def test_refuses_a_write_with_a_condition_that_the_store_would_ignore(self) -> None:
        client = support.FakeS3()
        with support.s3_client(client):
            millrace.s3()
        hook = client.hooks["before-parameter-build.s3.PutObject"]
        hook(params={"Bucket": "b", "Key": "k"}, model=None)
        for name in ("IfNoneMatch", "IfMatch"):
            with self.says(millrace.ParameterError, name, "would write all the same"):
                hook(params={name: "*"}, model=None)

    def test_names_buckets_by_host_where_the_store_wants_it(self) -> None:
        self.endpoints({"s3": {"endpoint": "https://s3.example", "region": "eu-1", "pathStyle": False}})
        with support.s3_client(support.FakeS3()) as made:
            millrace.s3()
        self.assertEqual(made[0]["config"]["s3"], {"addressing_style": "virtual"})

    def test_says_which_key_is_missing(self) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            with self.subTest(name=name), support.s3_client(support.FakeS3()):
                kept = os.environ.pop(name)
                with self.says(millrace.NotConfigured, f"{name} is not set"):
                    millrace.s3()
                os.environ[name] = kept

    def test_tells_a_missing_object_a_missing_bucket_and_a_refusal_apart(self) -> None:
        client = support.FakeS3()
        client.refused.add("lake")
        with support.s3_client(client):
            with self.says(millrace.NotAvailable, "read s3://notebooks/x.ipynb", "no such object"):
                _s3.read("s3://notebooks/x.ipynb")
            with self.says(millrace.AccessRefused, "write s3://lake/x", "AccessDenied", "its own buckets only"):
                _s3.write("s3://lake/x", b"", "text/plain")
            with self.says(millrace.ParameterError, '"notebooks/x.ipynb"', "s3://notebooks/report.ipynb"):
                _s3.read("notebooks/x.ipynb")
        self.assertIn("no such bucket", str(_s3.problem(support.ClientError("NoSuchBucket"), "s3://b/k", "read")))


class Publish(support.PlatformCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = support.notebook("1 + 1")
        self.client = support.FakeS3(home_ana={"reports/weekly.ipynb": self.mine, "notes.txt": b"x"})
        self.enterContext(support.s3_client(self.client))

    def test_copies_from_home_to_where_all_find_it(self) -> None:
        self.assertEqual(millrace.publish("reports/weekly.ipynb"), "s3://notebooks/weekly.ipynb")
        self.assertEqual(self.client.objects["notebooks", "weekly.ipynb"], self.mine)
        self.assertEqual(self.client.metadata["notebooks", "weekly.ipynb"], {"millrace-publisher": "ana"})

    def test_takes_another_name_and_a_full_address(self) -> None:
        address = "s3://home-ana/reports/weekly.ipynb"
        self.assertEqual(millrace.publish(address, "team/w.ipynb"), "s3://notebooks/team/w.ipynb")
        self.assertIn(("notebooks", "team/w.ipynb"), self.client.objects)

    def test_replaces_ones_own_and_not_that_of_others(self) -> None:
        millrace.publish("reports/weekly.ipynb")
        self.client.objects["home-ana", "reports/weekly.ipynb"] = support.notebook("2")
        millrace.publish("reports/weekly.ipynb")
        self.assertEqual(self.client.objects["notebooks", "weekly.ipynb"], support.notebook("2"))
        os.environ["JUPYTERHUB_USER"] = "ben"
        with self.says(millrace.ParameterError, "published by ana", "replace=True"):
            millrace.publish("reports/weekly.ipynb")
        millrace.publish("reports/weekly.ipynb", replace=True)
        self.assertEqual(self.client.metadata["notebooks", "weekly.ipynb"], {"millrace-publisher": "ben"})

    def test_does_not_replace_what_the_platform_has_put(self) -> None:
        self.client.objects["notebooks", "weekly.ipynb"] = b"{}"
        with self.says(millrace.ParameterError, "the platform or another person"):
            millrace.publish("reports/weekly.ipynb")

    def test_loses_nothing_where_two_publish_the_same_name_at_once(self) -> None:
        claim = ".publishing/weekly.ipynb/another"
        self.client.objects["notebooks", claim] = b""
        with self.says(millrace.ParameterError, 'somebody else publishes "weekly.ipynb" at this moment'):
            millrace.publish("reports/weekly.ipynb")
        self.assertEqual([key for bucket, key in self.client.objects if bucket == "notebooks"], [claim])
        self.client.written[claim] = datetime.now(timezone.utc) - timedelta(minutes=2)
        self.assertEqual(millrace.publish("reports/weekly.ipynb"), "s3://notebooks/weekly.ipynb")
        left = [key for bucket, key in self.client.objects if bucket == "notebooks"]
        self.assertEqual(sorted(left), [claim, "weekly.ipynb"])

    def test_names_people_whose_names_are_not_latin(self) -> None:
        os.environ["JUPYTERHUB_USER"] = "Jürgen@example.com"
        millrace.publish("reports/weekly.ipynb")
        self.assertTrue(self.client.metadata["notebooks", "weekly.ipynb"]["millrace-publisher"].isascii())
        os.environ["JUPYTERHUB_USER"] = "ben"
        with self.says(millrace.ParameterError, "published by Jürgen@example.com"):
            millrace.publish("reports/weekly.ipynb")

    def test_refuses_what_is_no_name(self) -> None:
        with self.says(millrace.ParameterError, 'path is 5; give a text, such as "reports/weekly.ipynb"'):
            millrace.publish(5)  # type: ignore[arg-type]

    def test_names_the_notebooks_that_there_are(self) -> None:
        with self.says(millrace.NotAvailable, "s3://home-ana/weekly.ipynb", "your home has: reports/weekly.ipynb"):
            millrace.publish("weekly.ipynb")

    def test_refuses_what_is_no_notebook_and_names_that_are_kept(self) -> None:
        with self.says(millrace.ParameterError, "s3://home-ana/notes.txt is no notebook"):
            millrace.publish("notes.txt", "notes.ipynb")
        for name in ("weekly.txt", "runs/weekly.ipynb", "/weekly.ipynb", "../weekly.ipynb", "a//b.ipynb"):
            with self.subTest(name=name), self.says(millrace.ParameterError, f'"{name}"'):
                millrace.publish("reports/weekly.ipynb", name)
        self.assertEqual([key for bucket, key in self.client.objects if bucket == "notebooks"], [])
