"""Settings of the hub, from `settings.json`, `pod.json` (a user's pod) and `people.json` (what differs by user).

Environment:
  PGPASSWORD                       of the hub's role in PostgreSQL
  JPY_COOKIE_SECRET, CONFIGPROXY_AUTH_TOKEN, JUPYTERHUB_CRYPT_KEY
  METRICS_TOKEN                    reads /hub/metrics
  OIDC_CLIENT_SECRET               with a provider only
  PASSWORDS_DIR=/run/secrets/millrace/users  generated passwords, one file per account
"""

import json
import logging
import os
import sys
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)

import user_pods  # noqa: E402
from accounts import Accounts  # noqa: E402
from authenticators import OidcAccounts, NativeAccounts, discovered  # noqa: E402
from kubespawner import KubeSpawner  # noqa: E402


def read(name: str) -> Any:
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


c = get_config()  # noqa: F821
settings, template, people = read("settings.json"), read("pod.json"), read("people.json")
[container] = template["spec"]["containers"]
accounts = Accounts(
    users=frozenset(settings["users"]),
    robot=settings["robot"],
    folder=os.environ.get("PASSWORDS_DIR", "/run/secrets/millrace/users"),
)

# The hub and its proxy: users stay connected through a restart of the hub.
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = settings["hubUrl"]
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = settings["proxyApiUrl"]
c.JupyterHub.cleanup_servers = False
# In seconds; also how long a restarted proxy knows no user.
c.JupyterHub.last_activity_interval = 15
database = settings["database"]
c.JupyterHub.db_url = "postgresql+psycopg2://{user}@{host}:{port}/{database}?{parameters}".format(**database)
c.JupyterHub.upgrade_db = True
c.JupyterHub.template_paths = [FOLDER]
c.JupyterHub.template_vars = {"change_password": "oidc" not in settings}
# Answer at once, with the page that shows how the server starts.
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}



class WithoutOwnQuestions(logging.Filter):
    """Leaves out that figures were read, four times a minute."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "GET /hub/metrics" not in record.getMessage()


# Requests are logged by Tornado, in the name of the hub.
logging.getLogger("tornado.access").addFilter(WithoutOwnQuestions())

# Who may log in.
c.Authenticator.allowed_users = set(accounts.names)
c.Authenticator.admin_users = set(settings["admins"])
c.Authenticator.allow_existing_users = False
# In seconds. A running server believes for another five minutes what the hub said of somebody, so that it outlives
# a restart of the hub.
c.Authenticator.auth_refresh_age = 60
c.Authenticator.auth_refresh_strict = True
oidc = settings.get("oidc")
if oidc is None:
    c.JupyterHub.authenticator_class = NativeAccounts
    c.NativeAccounts.accounts = accounts
    c.NativeAccounts.enable_signup = False
    c.NativeAccounts.minimum_password_length = 10
    c.NativeAccounts.check_common_password = True
else:
    provider = discovered(oidc["issuer"])
    c.JupyterHub.authenticator_class = OidcAccounts
    c.OidcAccounts.accounts = accounts
    c.OidcAccounts.login_service = "OpenID Connect"
    c.OidcAccounts.authorize_url = provider["authorization_endpoint"]
    c.OidcAccounts.token_url = provider["token_endpoint"]
    c.OidcAccounts.userdata_url = provider["userinfo_endpoint"]
    c.OidcAccounts.client_id = oidc["clientId"]
    c.OidcAccounts.client_secret = os.environ["OIDC_CLIENT_SECRET"]
    c.OidcAccounts.username_claim = oidc["usernameClaim"]
    c.OidcAccounts.scope = ["openid", "profile", "email"]

# Users' servers.
class Servers(KubeSpawner):
    def load_state(self, state: Any) -> None:
        super().load_state(user_pods.without_place(state))


c.JupyterHub.spawner_class = Servers
c.KubeSpawner.namespace = settings["serversNamespace"]
c.KubeSpawner.image = container["image"]
c.KubeSpawner.cmd = ["jupyterhub-singleuser"]
c.KubeSpawner.default_url = "/lab"
c.KubeSpawner.start_timeout = 180
c.KubeSpawner.http_timeout = 60
# In seconds; how long a server that was killed still seems to run.
c.KubeSpawner.poll_interval = 10
c.KubeSpawner.delete_grace_period = 5


async def by_template(spawner: Any, pod: Any) -> Any:
    """The platform's own pod in place of KubeSpawner's, with the server's token in a Secret."""
    user = people[spawner.user.name]
    made = spawner.api.api_client.sanitize_for_serialization(pod)
    body = {"stringData": {user_pods.TOKEN_FIELD: spawner.api_token}}
    await spawner.api.patch_namespaced_secret(user["tokenSecretName"], spawner.namespace, body)
    pod.spec = user_pods.pod_spec(template["spec"], made["spec"], user)
    pod.metadata.labels = user_pods.labels(template["metadata"]["labels"], made["metadata"]["labels"])
    return pod


c.KubeSpawner.modify_pod_hook = by_template

# A server without work is stopped.
idle_seconds = settings["idleMinutes"] * 60
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            # Within the pod: the network's policies let the hub reach its own Service no more than others do.
            "--url=http://127.0.0.1:8081/hub/api",
            f"--timeout={idle_seconds}",
            f"--cull-every={min(60, idle_seconds)}",
        ],
    },
    {"name": "metrics", "api_token": os.environ["METRICS_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
    {"name": "metrics", "services": ["metrics"], "scopes": ["read:metrics"]},
]
