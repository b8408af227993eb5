"""How people log in to Airflow: accounts in Airflow's own database, and few tries per account and address."""

from flask import request
from flask_appbuilder.const import AUTH_DB
from flask_limiter.util import get_remote_address

AUTH_TYPE = AUTH_DB
WTF_CSRF_ENABLED = True
WTF_CSRF_TIME_LIMIT = None

AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "5 per 40 second"
# One API server with one process: its memory sees every login.
RATELIMIT_STORAGE_URI = "memory://"


def RATELIMIT_KEY_FUNC() -> str:
    """Behind a node port all people come from one address, so one's typing errors must not lock the others out."""
    return f"{get_remote_address()} {request.form.get('username', '')}"
