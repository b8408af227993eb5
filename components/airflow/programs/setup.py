"""Sets Airflow's database up in one process: tables, roles, the first administrator and the proof's robot. Runs again at
every change of image or settings, and changes nothing that is right already.

Environment: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, ADMIN_PASSWORD (first one only: people may change it), ROBOT_PASSWORD;
AUDITOR, a role of the database that may read who did what and who logged in, and nothing else (by default nobody may);
FORMER_AUDITOR, the role where it may no longer.
"""

import os
import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.session import create_session
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
from sqlalchemy import text

ADMIN = "admin"
ROBOT = "proof"
# The least of Airflow's roles that can trigger, read and delete DAG runs.
ROBOT_ROLE = "User"


@providers_configuration_loaded
def main() -> None:
    upgradedb()
    print("tables are up to date")
    with get_application_builder() as builder:
        builder.add_permissions(update_perms=True)
        builder.sm.sync_roles()
        manager = builder.sm
        set_account(manager, ADMIN, "Admin", os.environ["ADMIN_PASSWORD"], first=True)
        set_account(manager, ROBOT, ROBOT_ROLE, os.environ["ROBOT_PASSWORD"], first=False)
    for variable in ("AUDITOR", "FORMER_AUDITOR"):
        if variable in os.environ:
            set_reader(os.environ[variable], may=variable == "AUDITOR")


def set_reader(auditor: str, *, may: bool) -> None:
    """Opens columns of two tables, none of which is a secret, or takes that back."""
    events = "id, dttm, event, owner, owner_display_name, dag_id, task_id, run_id"
    with create_session() as session:
        role = session.get_bind().dialect.identifier_preparer.quote(auditor)
        session.execute(text(f"REVOKE ALL ON log, ab_user FROM {role}"))
        if may:
            session.execute(text(f"GRANT SELECT ({events}) ON log TO {role}"))
            session.execute(text(f"GRANT SELECT (username, last_login) ON ab_user TO {role}"))
    print(f"role {auditor}: {'may read who did what' if may else 'reads nothing'}")


def set_account(manager, name: str, role_name: str, password: str, *, first: bool) -> None:
    """Makes an account. One that exists keeps its password and roles if `first`, else it gets the given ones."""
    role = manager.find_role(role_name)
    user = manager.find_user(username=name)
    if user is None:
        if not manager.add_user(name, name, "millrace", f"{name}@millrace.invalid", role, password):
            sys.exit(f"airflow: account {name} could not be made; the lines above say why")
        print(f"account {name} is made")
    elif not first:
        user.roles = [role]
        user.active = True
        manager.update_user(user)
        if not manager.reset_password(user.id, password):
            sys.exit(f"airflow: account {name} could not get its password; the lines above say why")
        print(f"account {name} has the password of its Secret")
    else:
        print(f"account {name} is kept")


if __name__ == "__main__":
    main()
