"""Puts the programs of `workloads/jupyterhub` where the tests can import them, as the hub and the servers do."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "workloads" / "jupyterhub"))
