import json
import pathlib
import unittest

import programs  # noqa: F401
from user_pods import labels, pod_spec, without_place

MADE = json.loads((pathlib.Path(__file__).parent / "kubespawner-pod.json").read_text())
TEMPLATE = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True},
    "containers": [
        {
            "name": "notebook",
            "image": "jupyter:2",
            "env": [{"name": "MEM_LIMIT", "value": "100"}, {"name": "JUPYTERHUB_USER", "value": "nobody"}],
            "resources": {"limits": {"memory": "100"}},
            "volumeMounts": [{"name": "scratch-0", "mountPath": "/tmp"}],
        }
    ],
    "volumes": [{"name": "scratch-0", "emptyDir": {}}],
}
USER = {
    "env": [{"name": "MILLRACE_HOME", "value": "s3://home-ana/"}],
    "tokenSecretName": "jupyterhub-server-ana",
}


class UserPod(unittest.TestCase):
    def setUp(self):
        self.spec = pod_spec(TEMPLATE, MADE["spec"], USER)
        [self.container] = self.spec["containers"]
        self.env = {variable["name"]: variable for variable in self.container["env"]}

    def test_is_the_template_with_the_arguments_of_the_spawner(self):
        self.assertEqual(self.container["args"], ["jupyterhub-singleuser"])
        for key in ("image", "resources", "volumeMounts"):
            self.assertEqual(self.container[key], TEMPLATE["containers"][0][key])
        self.assertEqual(self.spec["volumes"], TEMPLATE["volumes"])
        self.assertEqual(self.spec["restartPolicy"], "OnFailure")
        self.assertEqual(self.spec["securityContext"], {"runAsNonRoot": True})

    def test_has_the_environment_of_template_user_and_hub(self):
        self.assertEqual(self.env["MEM_LIMIT"]["value"], "100")
        self.assertEqual(self.env["MILLRACE_HOME"]["value"], "s3://home-ana/")
        self.assertEqual(self.env["JUPYTERHUB_USER"]["value"], "ana")
        self.assertEqual(len(self.env), len(self.container["env"]))

    def test_takes_the_token_of_the_server_from_the_secret_only(self):
        self.assertEqual(
            self.env["JUPYTERHUB_API_TOKEN"],
            {
                "name": "JUPYTERHUB_API_TOKEN",
                "valueFrom": {"secretKeyRef": {"name": "jupyterhub-server-ana", "key": "token"}},
            },
        )
        self.assertNotIn("not-a-token", json.dumps(self.spec))

    def test_names_what_comes_from_elsewhere_first(self):
        froms = ["valueFrom" in variable for variable in self.container["env"]]
        self.assertEqual(froms, sorted(froms, reverse=True))

    def test_leaves_template_and_made_pod_as_they_are(self):
        self.assertEqual(len(TEMPLATE["containers"][0]["env"]), 2)
        self.assertNotIn("args", TEMPLATE["containers"][0])

    def test_keeps_the_labels_that_the_spawner_finds_it_by(self):
        made = MADE["metadata"]["labels"]
        found = labels({"app.kubernetes.io/component": "notebook"}, made)
        self.assertEqual(found["component"], "singleuser-server")
        self.assertEqual(found["app.kubernetes.io/component"], "notebook")

    def test_forgets_where_a_server_was(self):
        state = {"pod_name": "jupyter-ana", "namespace": "millrace", "dns_name": "jupyter-ana.millrace.svc"}
        self.assertEqual(without_place(state), {"pod_name": "jupyter-ana"})


if __name__ == "__main__":
    unittest.main()
