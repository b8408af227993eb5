/**
 * An authority of one's own that the programs of a pod trust beside the public ones. Java and Python take one file for all
 * that they trust: it is put together before they start, from what the image has and from the Secret.
 */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { SecretKeyRef } from "./endpoints.ts";
import { FILES_SIZE } from "./confinement.ts";
import type { Resources } from "./resources.ts";

export interface Trust {
  /** In PEM: one certificate or several. */
  readonly ca: SecretKeyRef;
  /** What the pod's programs are written in. */
  readonly by: "java" | "python";
}

const FOLDER = "/etc/millrace-trust";
const CA_FOLDER = "/run/millrace-ca";
const CA_FILE = `${CA_FOLDER}/ca.pem`;
const BUNDLE = "ca-bundle.pem";
const STORE = "truststore";
/** That of every Java's own store, which holds nothing secret. */
const STORE_PASSWORD = "changeit";

/** Debian and Ubuntu, and Red Hat, have the public ones there. */
const PYTHON = `set -eu
cd ${FOLDER}
rm -f -- *
for public in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
  if [ -f "$public" ]; then cat "$public" > ${BUNDLE}; break; fi
done
cat ${CA_FILE} >> ${BUNDLE}
`;

/** `keytool` reads one certificate of a file. */
const JAVA = `set -eu
cd ${FOLDER}
rm -f -- *
java=$(readlink -f "$(command -v java)")
home=\${java%/bin/java}
for public in "$home/lib/security/cacerts" "$home/jre/lib/security/cacerts" /etc/ssl/certs/java/cacerts; do
  if [ -f "$public" ]; then cat "$public" > ${STORE}; break; fi
done
count=0
while IFS= read -r line || [ -n "$line" ]; do
  case $line in *"BEGIN CERTIFICATE"*) count=$((count + 1)) ;; esac
  if [ "$count" -gt 0 ]; then printf '%s\\n' "$line" >> "own-$count.pem"; fi
done < ${CA_FILE}
for own in own-*.pem; do
  "$home/bin/keytool" -importcert -noprompt -keystore ${STORE} -storepass ${STORE_PASSWORD} -alias "millrace-$own" -file "$own"
done
`;

const ways = {
  python: {
    script: PYTHON,
    env: ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].map((name) => ({
      name,
      value: `${FOLDER}/${BUNDLE}`,
    })),
  },
  java: {
    script: JAVA,
    env: [
      {
        name: "JAVA_TOOL_OPTIONS",
        value: `-Djavax.net.ssl.trustStore=${FOLDER}/${STORE} -Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`,
      },
    ],
  },
} as const;

/** What a pod has beside its own parts, so that its programs trust the authority. @param image That of the pod, whose programs it is for. */
export function trustParts(trust: Trust, image: pulumi.Input<string>, resources: Resources) {
  const { script, env } = ways[trust.by];
  const volumes: k8s.types.input.core.v1.Volume[] = [
    { name: "own-ca", secret: { secretName: trust.ca.secretName, items: [{ key: trust.ca.key, path: "ca.pem" }] } },
    { name: "trust", emptyDir: { sizeLimit: FILES_SIZE } },
  ];
  return {
    initContainer: {
      name: "trust",
      image,
      command: ["/bin/sh", "-c", script],
      resources,
      mounts: [
        { name: "own-ca", mountPath: CA_FOLDER, readOnly: true },
        { name: "trust", mountPath: FOLDER },
      ],
    },
    env,
    volumes,
    mounts: [{ name: "trust", mountPath: FOLDER, readOnly: true }],
  };
}
