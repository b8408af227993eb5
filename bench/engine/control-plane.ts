/** An API server and etcd, and nothing else: the node image's own programs in a container that is thrown away. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { UserError } from "../../cli/errors.ts";
import { LABEL } from "../../clusters/embedded/container-spec.ts";
import { nodeImageName } from "../../clusters/embedded/node-image.ts";
import { readKubeconfig } from "../../clusters/kubeconfig.ts";
import { KubernetesClient } from "../../clusters/kubernetes-client.ts";

const startMs = 90_000;
const port = "6443/tcp";

/**
 * etcd writes to memory, so that the disk's moods are not measured. Without its garbage collector the API server deletes
 * at once: there is no controller that would, but those that are asked for.
 */
const script = `set -e
cp /usr/local/bin/kubectl /bench/kubectl
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=kube-apiserver -addext subjectAltName=IP:127.0.0.1 \\
  -keyout /bench/key.pem -out /bench/cert.pem 2>/dev/null
etcd --data-dir=/data/etcd --log-level=error --listen-client-urls=http://127.0.0.1:2379 \\
  --advertise-client-urls=http://127.0.0.1:2379 &
if [ -n "$CONTROLLERS" ]; then
  until kubectl --kubeconfig=/bench/inside get --raw=/readyz >/dev/null 2>&1; do sleep 0.5; done && \
    exec kube-controller-manager --kubeconfig=/bench/inside "--controllers=$CONTROLLERS" --leader-elect=false --secure-port=0 -v=0 &
fi
exec kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --bind-address=0.0.0.0 \\
  --service-cluster-ip-range=10.96.0.0/12 --authorization-mode=RBAC --anonymous-auth=false --profiling=false \\
  --token-auth-file=/bench/tokens.csv --tls-cert-file=/bench/cert.pem --tls-private-key-file=/bench/key.pem \\
  --service-account-key-file=/bench/key.pem --service-account-signing-key-file=/bench/key.pem \\
  --service-account-issuer=https://kubernetes.default.svc --enable-garbage-collector=false -v=0
`;

export interface ControlPlane {
  /** Contents. */
  readonly kubeconfig: string;
  /** A file with the same. */
  readonly kubeconfigFile: string;
  /** The node image's kubectl, outside the container. */
  readonly kubectl: string;
  /** Counts the measurement's own objects that are there. */
  count(label: string, namespace: string): Promise<number>;
  remove(): Promise<void>;
}

/**
 * Starts them and waits until the API server is ready.
 * @param folder is mounted into the container; whoever made it removes it
 * @param controllers - of the controller manager that run beside it, by its names for them; none by default
 * @throws UserError when this engine has no node image
 */
export async function startControlPlane(
  docker: Docker,
  folder: string,
  signal: AbortSignal,
  controllers: readonly string[] = [],
): Promise<ControlPlane> {
  const image = await nodeImage(docker);
  const shared = join(folder, "control-plane");
  mkdirSync(shared);
  const token = randomUUID();
  writeFileSync(join(shared, "inside"), kubeconfigOf("https://127.0.0.1:6443", undefined, token), { mode: 0o600 });
  writeFileSync(join(shared, "tokens.csv"), `${token},bench,bench,"system:masters"\n`, { mode: 0o600 });
  const container = await docker.createContainer({
    Image: image,
    Labels: { [`${LABEL}.bench`]: "engine" },
    Entrypoint: ["sh", "-c", script],
    Env: [`CONTROLLERS=${controllers.join(",")}`],
    // What it writes to the folder shall be removable by whoever runs this.
    User: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
    ExposedPorts: { [port]: {} },
    HostConfig: {
      Binds: [`${shared}:/bench`],
      Tmpfs: { "/data": "rw,mode=1777", "/tmp": "rw,mode=1777" },
      PortBindings: { [port]: [{ HostIp: "127.0.0.1", HostPort: "" }] },
      Init: true,
    },
  });
  const remove = async (): Promise<void> => {
    await container.remove({ force: true, v: true }).catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    });
  };
  try {
    await container.start();
    const kubeconfig = await readyKubeconfig(container, shared, token, signal);
    const kubeconfigFile = join(shared, "kubeconfig");
    writeFileSync(kubeconfigFile, kubeconfig, { mode: 0o600 });
    const client = new KubernetesClient(readKubeconfig(kubeconfig), { timeoutMs: 60_000 });
    return {
      kubeconfig,
      kubeconfigFile,
      kubectl: join(shared, "kubectl"),
      async count(label, namespace) {
        const lists = ["configmaps", "services"].map((kind) =>
          client.json<{ items: unknown[] }>(
            "GET",
            `/api/v1/namespaces/${namespace}/${kind}?labelSelector=${encodeURIComponent(label)}`,
          ),
        );
        return (await Promise.all(lists)).reduce((sum, { items }) => sum + items.length, 0);
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The image of these sources, else the newest there is: its programs are all that counts. */
async function nodeImage(docker: Docker): Promise<string> {
  const [repository = ""] = nodeImageName().split(":");
  const images = await docker.listImages({ filters: { reference: [repository] } });
  const tags = images.toSorted((one, other) => other.Created - one.Created).flatMap(({ RepoTags }) => RepoTags ?? []);
  const found = tags.find((tag) => tag === nodeImageName()) ?? tags[0];
  if (found !== undefined) return found;
  throw new UserError(
    `this Docker engine has no image ${repository}, whose API server and etcd are used; npm run up on target ` +
      "embedded makes it",
  );
}

async function readyKubeconfig(
  container: Docker.Container,
  folder: string,
  token: string,
  signal: AbortSignal,
): Promise<string> {
  const end = Date.now() + startMs;
  for (let last = "it has not started"; ;) {
    const { State, NetworkSettings } = await container.inspect();
    if (!State.Running || Date.now() > end) {
      const words = (await container.logs({ stdout: true, stderr: true, tail: 5 })).toString();
      throw new Error(`the API server of the measurement is not ready (${last}); its last words:\n${words}`);
    }
    try {
      const host = NetworkSettings.Ports[port]?.[0]?.HostPort ?? "";
      const kubeconfig = kubeconfigOf(`https://127.0.0.1:${host}`, readFileSync(join(folder, "cert.pem")), token);
      const client = new KubernetesClient(readKubeconfig(kubeconfig), { timeoutMs: 2000 });
      await client.text("GET", "/readyz");
      await client.text("GET", "/api/v1/namespaces/default");
      await client.text("GET", "/api/v1/namespaces/kube-system");
      return kubeconfig;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(300, undefined, { signal });
  }
}

/** @param certificate - of the server; `undefined` trusts any, within the container */
function kubeconfigOf(server: string, certificate: Buffer | undefined, token: string): string {
  const trust =
    certificate === undefined
      ? { "insecure-skip-tls-verify": true }
      : { "certificate-authority-data": certificate.toString("base64") };
  const cluster = { server, ...trust };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "bench", cluster }],
    users: [{ name: "bench", user: { token } }],
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
    "current-context": "bench",
  });
}
