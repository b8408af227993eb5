"""What the scheduler does to each task pod before it makes it: a DAG gets the rights that the platform gives to it or to all
of its bundle, and no DAG can take another's.

Environment: TASK_POD_TEMPLATE (the pod of a task without rights), TASK_RIGHTS (JSON, written by the Airflow component):
{"<bundle>": {"every": RIGHTS, "dags": {"<dag id>": RIGHTS}}} with the RIGHTS of all DAGs and of single ones:
{"key": {"secretName", "accessKeyField", "secretKeyField", "sessionTokenField"}, "account": "<service account>"}, each of both
optional, and so is the field of a session token
"""

import json
import os

# How the executor starts a task. What follows is the task, as JSON.
COMMAND = ["python", "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]
# Volumes that a DAG may add by itself: they hold nothing of anyone else.
HARMLESS_VOLUMES = {"name", "emptyDir", "configMap", "downwardAPI"}


def pod_mutation_hook(pod):
    """Called by Airflow with the pod of a task; what it raises fails the task with that message."""
    from kubernetes.client import ApiClient, models

    with open(os.environ["TASK_POD_TEMPLATE"]) as file:
        template = json.load(file)
    with open(os.environ["TASK_RIGHTS"]) as file:
        rights = json.load(file)
    asked = ApiClient().sanitize_for_serialization(pod)
    own, granted = rights_of(asked, rights)
    complaints = problems(asked, template, own)
    if complaints:
        raise ValueError(f"the pod of DAG {asked['metadata']['annotations']['dag_id']} is refused: {'; '.join(complaints)}")

    # Labels are what Services and people find pods by.
    pod.metadata.labels.update(template["metadata"]["labels"])
    if "account" in granted:
        pod.spec.service_account_name = granted["account"]
        pod.spec.automount_service_account_token = True
    if "key" in granted:
        key = granted["key"]
        container = pod.spec.containers[0]
        names = {"AWS_ACCESS_KEY_ID": key["accessKeyField"], "AWS_SECRET_ACCESS_KEY": key["secretKeyField"]}
        if "sessionTokenField" in key:
            names["AWS_SESSION_TOKEN"] = key["sessionTokenField"]
        container.env = [variable for variable in container.env if variable.name not in names] + [
            models.V1EnvVar(
                name=name,
                value_from=models.V1EnvVarSource(
                    secret_key_ref=models.V1SecretKeySelector(name=key["secretName"], key=field)
                ),
            )
            for name, field in names.items()
        ]


def rights_of(pod: dict, rights: dict) -> tuple[dict, dict]:
    """The rights that only the pod's DAG has, and all that it has. The id alone gives none: people may put a DAG of the same
    id into their bucket.
    """
    workload = workload_of(pod)
    if workload is None:
        return {}, {}
    bundle = rights.get(workload["bundle_info"]["name"], {})
    own = bundle.get("dags", {}).get(workload["ti"]["dag_id"], {})
    return own, {**bundle.get("every", {}), **own}


def problems(pod: dict, template: dict, own: dict) -> list[str]:
    """What a pod must not have, being made from the template and from what the DAG's author overrode."""
    found = []
    spec, base = pod["spec"], template["spec"]
    workload = workload_of(pod)
    annotations = pod["metadata"].get("annotations", {})
    if workload is None:
        found.append("it does not run its task; do not override command and args")
    elif any(annotations.get(field) != workload["ti"][field] for field in ("dag_id", "task_id")):
        found.append("its annotations name another task; do not override them")
    containers = [*spec.get("containers", []), *spec.get("initContainers", [])]
    secrets = secrets_of([*base["containers"], *base.get("initContainers", [])])
    for secret in sorted(secrets_of(containers) - secrets):
        found.append(f'it takes from Secret "{secret}", which is not given to this DAG')
    known = {volume["name"]: volume for volume in base.get("volumes", [])}
    for volume in spec.get("volumes", []):
        if volume != known.get(volume["name"]) and not set(volume) <= HARMLESS_VOLUMES:
            found.append(f'volume "{volume["name"]}" is neither an emptyDir nor a ConfigMap')
    if spec.get("serviceAccountName", base.get("serviceAccountName")) != base.get("serviceAccountName"):
        found.append(f'it runs as service account "{spec["serviceAccountName"]}", which is not given to this DAG')
    # A pod with rights of its DAG runs the image's own programs, so that nothing else gets at them.
    is_own = len(spec["containers"]) == 1 and spec.get("initContainers", []) == base.get("initContainers", [])
    if own and not (is_own and spec["containers"][0].get("image") == base["containers"][0]["image"]):
        found.append("a DAG with rights of its own runs in the platform's image and in one container")
    return found


def workload_of(pod: dict) -> dict | None:
    """The task that the pod runs; None when it runs something else."""
    container = pod["spec"]["containers"][0]
    args = container.get("args", [])
    if container.get("command") or len(args) != len(COMMAND) + 1 or args[:-1] != COMMAND:
        return None
    return json.loads(args[-1])


def secrets_of(containers: list[dict]) -> set[str]:
    """Names of the Secrets that containers take environment variables from."""
    names = set()
    for container in containers:
        for variable in container.get("env") or []:
            names.add(variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name"))
        for source in container.get("envFrom") or []:
            names.add(source.get("secretRef", {}).get("name"))
    return names - {None}
