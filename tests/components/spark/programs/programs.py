"""Puts the programs of `components/spark/programs` where the tests can import them."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "components" / "spark" / "programs"))
