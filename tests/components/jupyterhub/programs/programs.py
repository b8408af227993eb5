"""Puts the programs of `components/jupyterhub/programs` where the tests can import them, as the hub and the servers do."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "components" / "jupyterhub" / "programs"))
