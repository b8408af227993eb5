import { expect } from "chai";
import { removeMoved } from "../../cli/moved.ts";
import { edgesOf, podsAt } from "../../platform/network.ts";

const labelled = (name: string, service: string, component: string) => ({
  metadata: { name, labels: { "app.kubernetes.io/name": service, "app.kubernetes.io/component": component } },
});
const store = podsAt({ service: "object-store", component: "server" }, [9000], "S3");
const task = { service: "airflow", component: "task", reaches: [store] };

describe("pods that an earlier version has left", () => {
  const removed = async (edges: Parameters<typeof removeMoved>[2]) => {
    const asked: string[] = [];
    const items = [
      labelled("task-1", "airflow", "task"),
      labelled("scheduler-1", "airflow", "scheduler"),
      labelled("object-store-0", "object-store", "server"),
      { metadata: { name: "someones" } },
    ];
    const kube = {
      get: <T>(path: string) => {
        asked.push(`GET ${path}`);
        return Promise.resolve({ items } as T);
      },
      delete: (path: string) => {
        asked.push(`DELETE ${path}`);
        return Promise.resolve();
      },
    };
    return { names: await removeMoved(kube, "millrace", edges), asked };
  };

  it("go, where those of their role are elsewhere now, and no others", async () => {
    const { names, asked } = await removed(edgesOf({ ...task, in: "jobs" }));
    expect(names).to.deep.equal(["task-1"]);
    expect(asked).to.deep.equal([
      "GET /api/v1/namespaces/millrace/pods",
      "DELETE /api/v1/namespaces/millrace/pods/task-1",
    ]);
  });

  it("are not looked for where all pods are in one namespace", async () => {
    expect(await removed(edgesOf(task))).to.deep.equal({ names: [], asked: [] });
  });
});
