"""The pod of a user's server. KubeSpawner says whose it is; all else is the platform's own template of it."""

from typing import Any

Json = dict[str, Any]
# KubeSpawner gives the server's token as text, under two names; it reads the first.
TOKEN_NAME = "JUPYTERHUB_API_TOKEN"
TOKEN_FIELD = "token"
PLACE = {"namespace", "dns_name"}
OTHER_NAMES_OF_TOKEN = {"JPY_API_TOKEN"}


def pod_spec(template: Json, made: Json, user: Json) -> Json:
    """The template's spec with the user's environment, and with what KubeSpawner alone knows: arguments and variables.

    `made`: the spec that KubeSpawner made. `user`: `env`, and `tokenSecretName`, the Secret with the server's token.
    """
    [container] = template["containers"]
    notebook = next(each for each in made["containers"] if each["name"] == container["name"])
    variables: dict[str, Json] = {}
    for variable in [*container.get("env", []), *user["env"], *notebook.get("env", [])]:
        if variable["name"] not in OTHER_NAMES_OF_TOKEN:
            variables[variable["name"]] = variable
    variables[TOKEN_NAME] = {
        "name": TOKEN_NAME,
        "valueFrom": {"secretKeyRef": {"name": user["tokenSecretName"], "key": TOKEN_FIELD}},
    }
    return template | {
        "containers": [container | {"args": notebook["args"], "env": in_order(variables)}],
        "restartPolicy": made.get("restartPolicy", "OnFailure"),
    }


def without_place(state: Json) -> Json:
    """What the hub remembers of a server, without its namespace, which it also remembers of one that has ended: the settings
    say where servers are. One that ran in another namespace counts as ended.
    """
    return {key: value for key, value in state.items() if key not in PLACE}


def in_order(variables: dict[str, Json]) -> list[Json]:
    """Values may use variables before them, so those from elsewhere come first."""
    return sorted(variables.values(), key=lambda variable: "valueFrom" not in variable)


def labels(template: Json, made: Json) -> Json:
    """KubeSpawner finds its pods by its labels; the platform's win where both set one."""
    return {**made, **template}
