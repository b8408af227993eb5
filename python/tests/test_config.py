import os
import subprocess
import sys
import unittest
from unittest import mock

import support
import millrace
from millrace import _config


class Endpoints(support.PlatformCase):
    def test_reads_the_addresses(self) -> None:
        found = millrace.endpoints()
        self.assertEqual(found.kafka, millrace.KafkaEndpoint("kafka.example:9092", "PLAINTEXT"))
        self.assertEqual(found.presto, millrace.PrestoEndpoint("http://presto.example:8080", "lake"))
        self.assertEqual(found.spark, millrace.SparkEndpoint("sc://spark.example:15002"))
        self.assertEqual(found.s3, millrace.S3Endpoint("http://s3.example:9000", "eu-1", True))
        self.assertEqual(found.notebooks, "s3://notebooks")

    def test_knows_that_a_service_is_not_there(self) -> None:
        self.endpoints({})
        self.assertEqual(millrace.endpoints(), millrace.Endpoints(None, None, None, None, None))
        with self.says(millrace.NotConfigured, "no Kafka", str(self.file), '"kafka"', "services.kafka.enabled"):
            millrace.kafka()
        with self.says(millrace.NotConfigured, "no Spark", '"spark"', "services.sparkConnect.enabled"):
            millrace.spark()
        with self.says(millrace.NotConfigured, "no Presto"):
            millrace.sql("SELECT 1")
        with self.says(millrace.NotConfigured, "no S3"):
            millrace.s3()

    def test_says_which_file_is_missing_and_how_to_name_another(self) -> None:
        os.environ["MILLRACE_CONFIG"] = "/nowhere/endpoints.json"
        with self.says(millrace.NotConfigured, "/nowhere/endpoints.json", "No such file", "MILLRACE_CONFIG"):
            millrace.endpoints()
        del os.environ["MILLRACE_CONFIG"]
        self.assertEqual(_config.config_file(), "/etc/millrace/endpoints.json")

    def test_says_which_setting_is_wrong_and_what_it_got(self) -> None:
        wrong = [
            ("{", "is not JSON"),
            ("[]", "holds list"),
            ({"presto": "http://p"}, '"presto" in'),
            ({"presto": {"catalog": "lake"}}, '"url" in presto of'),
            ({"presto": {"url": 8080}}, "is 8080; it must be a text"),
            ({"s3": {"endpoint": "http://s", "pathStyle": "yes"}}, '"pathStyle" in s3 of'),
        ]
        for content, words in wrong:
            with self.subTest(content=content):
                self.endpoints(content)
                with self.says(millrace.NotConfigured, str(self.file), words):
                    millrace.endpoints()

    def test_gives_a_home_with_a_slash_at_its_end(self) -> None:
        os.environ["MILLRACE_HOME"] = "s3://homes/ana"
        self.assertEqual(millrace.home(), "s3://homes/ana/")
        os.environ["MILLRACE_HOME"] = "/home/ana"
        with self.says(millrace.NotConfigured, '"/home/ana"', "s3://bucket/"):
            millrace.home()
        del os.environ["MILLRACE_HOME"]
        with self.says(millrace.NotConfigured, "MILLRACE_HOME", "full address"):
            millrace.home()

    def test_knows_who_runs_the_program_even_without_a_name(self) -> None:
        self.assertEqual(_config.user(), "ana")
        del os.environ["JUPYTERHUB_USER"]
        with mock.patch("getpass.getuser", side_effect=KeyError):
            self.assertEqual(_config.user(), "millrace")


class Import(unittest.TestCase):
    def test_loads_no_other_package(self) -> None:
        program = (
            "import sys; import millrace; loaded = {name.split('.')[0] for name in sys.modules}; "
            "print(sorted(loaded & {'pandas', 'pyspark', 'boto3', 'prestodb', 'confluent_kafka', 'papermill', 'requests'}))"
        )
        path = {"PYTHONPATH": str(support.ROOT / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=path)
        self.assertEqual(ran.stdout, "[]\n")

    def test_documents_everything_that_it_offers(self) -> None:
        undocumented = [name for name in millrace.__all__ if not getattr(millrace, name).__doc__]
        self.assertEqual(undocumented, [])
