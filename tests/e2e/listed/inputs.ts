/** Faults 1 to 6: bad input that is refused, or told, before anything is made. */
import type { PreviewReport } from "../../../cli/preview.ts";
import { Crypter } from "../../../engine/secrets.ts";
import { document, must } from "../runner.ts";
import { EMBEDDED, type Fault, mustSay, seconds, type Site, type Values } from "./fault.ts";

const SOON_MS = 5_000;
const embedded = { target: "embedded", embedded: { name: EMBEDDED } };

/** A stack on an embedded cluster that never comes to be. */
function write({ clone }: Site, stack: string, values: Values, more: Values = {}): void {
  clone.writeStack(stack, { "millrace:cluster": embedded, ...values }, more);
}

async function preview({ clone }: Site, stack: string): Promise<{ report: PreviewReport; ms: number; stderr: string }> {
  const ran = await clone.millrace(["preview", "--stack", stack, "--engine", "local", "--json"]);
  const report = document(ran) as PreviewReport;
  must(ran.code === 0 && report.ok, `preview failed: ${report.errors.join("; ")}`);
  return { report, ms: ran.ms, stderr: ran.stderr };
}

async function misspelt(site: Site): Promise<string> {
  write(site, "misspelt", { "millrace:services": { kafka: { brokrs: 3 } } });
  const says = ["millrace:services.kafka.brokrs", "Pulumi.misspelt.yaml", 'did you mean "replicas"'];
  const took = await site.clone.refuses("misspelt", says, { mostCpuMs: SOON_MS });
  return `refused after ${took} with key, file and nearest key`;
}

async function outOfRange(site: Site): Promise<string> {
  write(site, "range", {
    "millrace:profile": "pipeline",
    "millrace:services": {
      kafka: { replicas: "three" },
      spark: { executors: -1 },
      presto: { workers: 0.5 },
      randomNumbers: { rate: 10 ** 6 },
      census: { rows: 0 },
    },
  });
  const says = [
    'kafka.replicas: received "three"; give a whole number from 1 to 9',
    "spark.executors: received -1; give a whole number from ",
    "presto.workers: received 0.5; give a whole number from ",
    "randomNumbers.rate: received 1000000; give a whole number from 1 to 5000",
    "census.rows: received 0; give a whole number from 1 to ",
  ];
  const took = await site.clone.refuses("range", says, { mostCpuMs: SOON_MS });
  return `all ${says.length} refused in one message after ${took}, each with its range`;
}

async function secrets(site: Site): Promise<string> {
  const canary = `canary-${crypto.randomUUID()}`;
  const crypter = await Crypter.create("right");
  const sealed = { secure: crypter.encrypt(canary) };
  const services = { jupyterhub: { users: [sealed] }, kafka: { replicas: sealed } };
  write(site, "sealed", { "millrace:services": services }, { encryptionsalt: crypter.state });
  const as = (passphrase: string) => ({ env: { PULUMI_CONFIG_PASSPHRASE: passphrase }, mostCpuMs: SOON_MS });
  const says = ["Pulumi.sealed.yaml", "millrace:services", "wrong passphrase", "PULUMI_CONFIG_PASSPHRASE"];
  const took = await site.clone.refuses("sealed", says, as("wrong"));
  // Opened, it is a wrong value: that is told, and the value is not.
  await site.clone.refuses("sealed", ["kafka.replicas: received [secret]"], as("right"));
  const shown = await site.clone.millrace(["up", "--stack", "sealed"], { PULUMI_CONFIG_PASSPHRASE: "right" });
  must(shown.code !== 0 && !`${shown.stdout}${shown.stderr}`.includes(canary), "the secret is in what up says");

  write(site, "keyless", {
    "millrace:services": { objectStore: { server: "existing", existing: { host: "s3.test" } } },
  });
  const missing = await site.clone.refuses("keyless", ["objectStore.existing", "Secret", "secretName"], {
    mostCpuMs: SOON_MS,
  });
  return `wrong passphrase refused after ${took}, missing Secret after ${missing}; no value told`;
}

async function impossible(site: Site): Promise<string> {
  write(site, "impossible", { "millrace:services": { kafka: { enabled: false } } });
  const says = [
    "millrace:services.telemetry: is enabled and needs kafka",
    "enable kafka, or set millrace:services.telemetry.enabled to false",
  ];
  const took = await site.clone.refuses("impossible", says, { mostCpuMs: SOON_MS });
  return `refused after ${took} with both services and both ways out`;
}

async function tooLarge(site: Site): Promise<string> {
  write(site, "large", { "millrace:services": { kafka: { memory: "900Gi" } } });
  const { report, ms } = await preview(site, "large");
  const [warning = ""] = report.warnings;
  const sums = ["the platform requests ", "and the nodes can give ", "the largest parts are kafka"];
  mustSay(warning, sums);
  const took = await site.clone.refuses("large", sums);
  return `preview warns after ${seconds(ms)}, up refuses after ${took}: ${warning.split(";")[0] ?? ""}`;
}

async function unknownNames(site: Site): Promise<string> {
  write(site, "named", {});
  write(site, "profile", { "millrace:profile": "stduio" });
  const { clone } = site;
  await clone.refuses("nosuch", ['there is no stack "nosuch"', "the stacks here are", "copy Pulumi."], {
    mostCpuMs: SOON_MS,
  });
  await clone.refuses("named", ['--profile "stduio"', "did you mean studio"], {
    args: ["--profile", "stduio"],
    mostCpuMs: SOON_MS,
  });
  await clone.refuses("profile", ["millrace:profile", "stduio", "studio"], { mostCpuMs: SOON_MS });
  clone.writeStack("empty", {});
  // By another name than the default one: that cluster may be there, and somebody's.
  const ran = await clone.millrace(["preview", "--stack", "empty", "--name", EMBEDDED, "--engine", "local", "--json"]);
  const { ok, target, changes, errors } = document(ran) as PreviewReport;
  must(ok && target === "embedded" && changes.create > 0, `an empty stack: ${errors.join("; ")}`);
  return `stack and profile refused with what there is; an empty stack is ${changes.create} resources on ${target}`;
}

export const inputs: readonly Fault[] = [
  {
    number: 1,
    done: "a misspelt key in the stack's file",
    expected: "refused within 5 s of a processor with key, file and nearest key; nothing made",
    needs: "nothing",
    limitSeconds: 120,
    run: misspelt,
  },
  {
    number: 2,
    done: "values of a wrong type, and out of range",
    expected: "refused within 5 s of a processor, all in one message, each with its range; nothing made",
    needs: "nothing",
    limitSeconds: 120,
    run: outOfRange,
  },
  {
    number: 3,
    done: "a wrong passphrase, and a Secret that is not named",
    expected: "refused before any resource, with which it is; no secret value told",
    needs: "nothing",
    limitSeconds: 300,
    run: secrets,
  },
  {
    number: 4,
    done: "a service without one that it needs",
    expected: "refused with both services and the way out",
    needs: "nothing",
    limitSeconds: 120,
    run: impossible,
  },
  {
    number: 5,
    done: "more memory than the nodes have",
    expected: "preview warns with the sums, up refuses with them; no pod is left pending",
    needs: "nothing",
    limitSeconds: 300,
    run: tooLarge,
  },
  {
    number: 6,
    done: "an unknown stack, an unknown profile, an empty stack",
    expected: "refused with those that there are; an empty stack is the default platform",
    needs: "nothing",
    limitSeconds: 480,
    run: unknownNames,
  },
];
