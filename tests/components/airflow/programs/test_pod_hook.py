import copy
import json
import unittest

from programs import load

hook = load("airflow_local_settings")

KEY = {"secretName": "key-report", "accessKeyField": "accessKey", "secretKeyField": "secretKey"}
TEAM_KEY = {**KEY, "secretName": "key-team"}
RIGHTS = {"platform": {"dags": {"report": {"key": KEY}}}, "team": {"every": {"key": TEAM_KEY}}}
TEMPLATE = {
    "spec": {
        "containers": [
            {
                "image": "airflow:1",
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key-airflow", "key": "accessKey"}}}],
            }
        ],
        "volumes": [{"name": "endpoints", "configMap": {"name": "endpoints"}}],
    }
}


def pod(dag="report", bundle="platform"):
    """The pod of a task as the executor makes it, without anything of its author."""
    made = copy.deepcopy(TEMPLATE)
    task = {"ti": {"dag_id": dag, "task_id": "one"}, "bundle_info": {"name": bundle}}
    made["spec"]["containers"][0]["args"] = [*hook.COMMAND, json.dumps(task)]
    made["metadata"] = {"annotations": {"dag_id": dag, "task_id": "one"}}
    return made


class Rights(unittest.TestCase):
    def test_of_a_dag_of_the_image_are_what_it_was_given(self):
        self.assertEqual(hook.rights_of(pod(), RIGHTS), ({"key": KEY}, {"key": KEY}))
        self.assertEqual(hook.rights_of(pod("other"), RIGHTS), ({}, {}))

    def test_of_a_dag_of_the_bucket_are_those_of_all_there_even_if_people_named_it_like_one_of_the_image(self):
        self.assertEqual(hook.rights_of(pod(bundle="team"), RIGHTS), ({}, {"key": TEAM_KEY}))
        self.assertEqual(hook.rights_of(pod(bundle="else"), RIGHTS), ({}, {}))

    def test_are_none_for_a_pod_that_does_not_run_its_task(self):
        made = pod()
        made["spec"]["containers"][0]["command"] = ["bash"]
        self.assertEqual(hook.rights_of(made, RIGHTS), ({}, {}))


class Problems(unittest.TestCase):
    def problems(self, change, dag="other", own=None):
        made = pod(dag)
        change(made, made["spec"]["containers"][0])
        return hook.problems(made, TEMPLATE, own or {})

    def test_are_none_for_a_plain_task_and_for_one_with_other_limits(self):
        self.assertEqual(self.problems(lambda made, box: None), [])
        self.assertEqual(self.problems(lambda made, box: box.update(resources={"limits": {"memory": "2Gi"}})), [])
        self.assertEqual(self.problems(lambda made, box: box.update(image="mine:1")), [])

    def test_name_secrets_of_others_wherever_they_are_taken_from(self):
        def variable(made, box):
            box["env"].append({"name": "K", "valueFrom": {"secretKeyRef": {"name": "key-report", "key": "secretKey"}}})

        def all_of_it(made, box):
            made["spec"]["initContainers"] = [{"envFrom": [{"secretRef": {"name": "key-report"}}]}]

        for change in (variable, all_of_it):
            self.assertEqual(
                self.problems(change), ['it takes from Secret "key-report", which is not given to this DAG']
            )

    def test_name_volumes_that_hold_what_others_wrote(self):
        for source in ({"secret": {"secretName": "s"}}, {"persistentVolumeClaim": {"claimName": "c"}}, {"projected": {}}):
            found = self.problems(lambda made, box: made["spec"]["volumes"].append({"name": "x", **source}))
            self.assertEqual(found, ['volume "x" is neither an emptyDir nor a ConfigMap'])
        self.assertEqual(
            self.problems(lambda made, box: made["spec"]["volumes"].append({"name": "x", "emptyDir": {}})), []
        )

    def test_name_an_account_that_was_not_given(self):
        self.assertEqual(
            self.problems(lambda made, box: made["spec"].update(serviceAccountName="airflow-task")),
            ['it runs as service account "airflow-task", which is not given to this DAG'],
        )

    def test_name_a_task_that_passes_itself_off_as_another(self):
        self.assertEqual(
            self.problems(lambda made, box: made["metadata"]["annotations"].update(dag_id="report")),
            ["its annotations name another task; do not override them"],
        )
        self.assertEqual(
            self.problems(lambda made, box: box.update(args=["bash", "-c", "env"])),
            ["it does not run its task; do not override command and args"],
        )

    def test_name_foreign_programs_beside_rights(self):
        expected = ["a DAG with rights of its own runs in the platform's image and in one container"]
        for change in (
            lambda made, box: box.update(image="mine:1"),
            lambda made, box: made["spec"]["containers"].append({"image": "airflow:1"}),
        ):
            self.assertEqual(self.problems(change, "report", {"key": KEY}), expected)

    def test_take_the_platforms_own_preparation_for_none_and_another_for_foreign(self):
        trust = {"name": "trust", "image": "airflow:1", "command": ["/bin/sh", "-c", "true"]}
        template = copy.deepcopy(TEMPLATE)
        template["spec"]["initContainers"] = [trust]
        made = pod("report")
        made["spec"]["initContainers"] = [copy.deepcopy(trust)]
        self.assertEqual(hook.problems(made, template, {"key": KEY}), [])
        made["spec"]["initContainers"][0]["command"] = ["bash", "-c", "env"]
        self.assertEqual(
            hook.problems(made, template, {"key": KEY}),
            ["a DAG with rights of its own runs in the platform's image and in one container"],
        )


if __name__ == "__main__":
    unittest.main()
