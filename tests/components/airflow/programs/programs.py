"""Loads the programs of Airflow's pods without Airflow, which is only in its image."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[4] / "components" / "airflow" / "programs"


def load(name: str):
    """A program as a module; what it takes from Airflow does nothing."""
    plugins = ModuleType("airflow.plugins_manager")
    plugins.AirflowPlugin = object
    listeners = ModuleType("airflow.listeners")
    listeners.hookimpl = lambda function: function
    xcom = ModuleType("airflow.sdk.bases.xcom")
    xcom.BaseXCom = type("BaseXCom", (), {"serialize_value": staticmethod(lambda value, **where: value)})
    exceptions = ModuleType("airflow.sdk.exceptions")
    exceptions.AirflowFailException = type("AirflowFailException", (Exception,), {})
    sys.modules |= {
        "airflow.sdk": ModuleType("airflow.sdk"),
        "airflow.sdk.bases": ModuleType("airflow.sdk.bases"),
        "airflow.sdk.bases.xcom": xcom,
        "airflow.sdk.exceptions": exceptions,
        "airflow": ModuleType("airflow"),
        "airflow.plugins_manager": plugins,
        "airflow.listeners": listeners,
    }
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
