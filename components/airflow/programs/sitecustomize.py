"""Loaded by Python itself at each start. While Airflow is imported some hundred thousand objects are made that stay for ever;
to search them for garbage after each 700 new ones takes a quarter of the start.
"""

import gc

gc.set_threshold(50_000, 50, 100)
