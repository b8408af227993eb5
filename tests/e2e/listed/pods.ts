/** Faults 13 to 15: images that are not there and pods that are killed, on the platform that is up. */
import { setTimeout as sleep } from "node:timers/promises";

import type { UpReport } from "../../../cli/up.ts";
import type { Part } from "../../engine/test-stack.ts";
import { acknowledgedDuring } from "../faults/data-path.ts";
import { kill, kube, kubeConfig, namespace, ready } from "../platform.ts";
import { document, millrace, must, until } from "../runner.ts";
import { good, unchanged } from "./cluster.ts";
import { type Fault, mustSay, object, seconds, type Site } from "./fault.ts";

const MINUTE = 60_000;
/** Bar for the name of an image that is not there. */
const NAMED_MS = 120_000;

interface ImagedPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function podsOf(place: string, app: string): Promise<readonly ImagedPod[]> {
  const path = `/api/v1/namespaces/${place}/pods?labelSelector=${encodeURIComponent(app)}`;
  return (await kube().get<{ items: readonly ImagedPod[] }>(path)).items;
}

const isReady = ({ status }: ImagedPod): boolean =>
  status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;

/** An image that the nodes have: Debian, with a shell; and one of no such tag beside it. */
async function images(): Promise<{ readonly good: string; readonly bad: string }> {
  const [pod] = await podsOf(namespace, "app.kubernetes.io/name=telemetry-producer").catch(() => []);
  const image = pod?.spec.containers[0]?.image;
  if (image === undefined) throw new Error("no platform is up whose image this fault could use; npm run up");
  const [name = ""] = image.split("@");
  return { good: image, bad: `${name.replace(/:[^/:]+$/, "")}:faults-no-such-tag` };
}

/** Deployments in a namespace of their own. */
class Place {
  readonly name = `faults-${crypto.randomUUID().slice(0, 8)}`;
  readonly parts: readonly Part[] = [
    object("place", { apiVersion: "v1", kind: "Namespace", metadata: { name: this.name } }),
  ];

  /** @param delaySeconds - how long its pod takes to be ready */
  deployment(name: string, image: string, delaySeconds = 1): Part {
    const security = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    };
    const container = {
      name: "main",
      image,
      command: ["sleep", "3600"],
      securityContext: security,
      resources: { requests: { cpu: "5m", memory: "16Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
      readinessProbe: { exec: { command: ["true"] }, initialDelaySeconds: delaySeconds, periodSeconds: 1 },
    };
    const pod = {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container],
    };
    const spec = {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: pod },
    };
    const metadata = { name, namespace: this.name };
    return object(name, { apiVersion: "apps/v1", kind: "Deployment", metadata, spec }, { after: ["place"] });
  }
}

async function absentImage(site: Site): Promise<string> {
  const image = await images();
  const stack = site.stack(kubeConfig().exportConfig());
  const place = new Place();
  try {
    const beside = place.deployment("beside", image.good);
    const started = Date.now();
    const { ok, errors } = await stack.up(...place.parts, place.deployment("absent", image.bad), beside);
    const took = Date.now() - started;
    must(!ok, "an up with an image that is not there ends well");
    mustSay(errors.join("\n"), ["absent", image.bad, "can't be pulled"]);
    must(took <= NAMED_MS, `it took ${seconds(took)} to say so`);
    must((await podsOf(place.name, "app=beside")).some(isReady), "what is independent of it is not up");
    const mended = [...place.parts, place.deployment("absent", image.good), beside];
    await good(stack.up(...mended));
    await unchanged(stack, mended);
    return `named after ${seconds(took)}, the other one is up; with the right tag the next up is good`;
  } finally {
    await stack.destroy();
  }
}

async function badUpdate(site: Site): Promise<string> {
  const image = await images();
  const stack = site.stack(kubeConfig().exportConfig());
  const place = new Place();
  try {
    await good(stack.up(...place.parts, place.deployment("served", image.good)));
    const [old] = await podsOf(place.name, "app=served");
    const started = Date.now();
    const { ok, errors } = await stack.up(...place.parts, place.deployment("served", image.bad));
    const took = Date.now() - started;
    must(!ok, "an update to an image that is not there ends well");
    mustSay(errors.join("\n"), ["served", image.bad, "can't be pulled"]);
    must(took <= NAMED_MS, `it took ${seconds(took)} to say so`);
    const still = (await podsOf(place.name, "app=served")).find(({ metadata }) => metadata.uid === old?.metadata.uid);
    must(still !== undefined && isReady(still), "the old pod no longer serves");
    await good(stack.up(...place.parts, place.deployment("served", image.good)));
    return `failed after ${seconds(took)} with the image; the old pod has gone on serving`;
  } finally {
    await stack.destroy();
  }
}

async function podKilled(site: Site): Promise<string> {
  const image = await images();
  const stack = site.stack(kubeConfig().exportConfig());
  const place = new Place();
  try {
    const running = stack.up(...place.parts, place.deployment("slow", image.good, 8));
    const victim = await until("the pod that the up waits for", MINUTE, async () => {
      const [pod] = await podsOf(place.name, "app=slow").catch(() => []);
      return pod;
    });
    const path = `/api/v1/namespaces/${place.name}/pods/${victim.metadata.name}`;
    await kube().delete(path, { gracePeriodSeconds: 0 });
    await good(running);
    const now = await podsOf(place.name, "app=slow");
    must(
      now.some((pod) => isReady(pod) && pod.metadata.uid !== victim.metadata.uid),
      "the pod was not made anew",
    );
  } finally {
    await stack.destroy();
  }

  let seen = "";
  const { acknowledged, lost, refused } = await acknowledgedDuring(async () => {
    const up = millrace(["up", "--json", "--yes"], 8 * MINUTE);
    await sleep(3000);
    await kill("kafka");
    const report = document(await up) as UpReport;
    must(report.ok && report.proof?.ok === true, `up with its broker killed: ${report.errors.join("; ")}`);
    await ready("kafka", 2 * MINUTE);
    seen = `up with its broker killed is green in ${seconds(report.durationMs)}`;
  }, 250);
  must(lost === 0, `${lost} of ${acknowledged} acknowledged records are lost`);
  return `a killed pod was made anew, one run; ${seen}: ${acknowledged} acknowledged, 0 lost, ${refused} batches refused`;
}

export const pods: readonly Fault[] = [
  {
    number: 13,
    done: "an image of a tag that is not there",
    expected: "named within 120 s; what is independent comes up; with the right tag the next up is good",
    needs: "a platform",
    limitSeconds: 420,
    run: absentImage,
  },
  {
    number: 14,
    done: "the same on the update of a service that is well",
    expected: "up fails; the old pod goes on serving",
    needs: "a platform",
    limitSeconds: 420,
    run: badUpdate,
  },
  {
    number: 15,
    done: "a pod killed in the middle of an up",
    expected: "it is made anew, and the same run ends well; no acknowledged record is lost",
    needs: "a platform",
    limitSeconds: 900,
    run: podKilled,
  },
];
