"""Spark's modules in name, where it is not installed: for what needs none of their work."""

import sys
import types

names = ("pyspark", "pyspark.sql", "pyspark.sql.functions")
modules = {name: types.ModuleType(name) for name in names}
modules["pyspark.sql"].Column = modules["pyspark.sql"].DataFrame = modules["pyspark.sql"].SparkSession = object
modules["pyspark.sql"].functions = modules["pyspark.sql.functions"]
sys.modules.update({name: module for name, module in modules.items() if name not in sys.modules})
