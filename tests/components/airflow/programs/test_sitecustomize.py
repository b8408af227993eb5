import gc
import json
import unittest

from programs import load


class Start(unittest.TestCase):
    def test_garbage_is_looked_for_less_often_but_looked_for(self):
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        load("sitecustomize")
        self.assertEqual(gc.get_threshold(), (50_000, 50, 100))
        self.assertTrue(gc.isenabled())

    def test_the_connection_to_kafka_gets_what_opens_it_whatever_characters_that_has(self):
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        start = load("sitecustomize")
        extra = {"bootstrap.servers": "b1:9093", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}
        given = {
            "AIRFLOW_CONN_KAFKA": json.dumps({"conn_type": "kafka", "extra": extra}),
            "KAFKA_USERNAME": "millrace",
            "KAFKA_PASSWORD": 'pass "word\\',
            "KAFKA_CA": "-----BEGIN\n",
        }
        self.assertEqual(
            json.loads(start.kafka_connection(given)),
            {
                "conn_type": "kafka",
                "extra": {
                    **extra,
                    "sasl.username": "millrace",
                    "sasl.password": 'pass "word\\',
                    "ssl.ca.pem": "-----BEGIN\n",
                },
            },
        )
        self.assertIsNone(start.kafka_connection({"AIRFLOW_CONN_KAFKA": given["AIRFLOW_CONN_KAFKA"]}))
        self.assertIsNone(start.kafka_connection({"KAFKA_PASSWORD": "word"}))


if __name__ == "__main__":
    unittest.main()
