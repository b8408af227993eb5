import { expect } from "chai";
import { containerSecurityContext, namesSecret, podProblems, podSecurityContext } from "../../platform/hardening.ts";

const hardened = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: podSecurityContext(185),
  containers: [
    {
      name: "driver",
      image: "localhost:5000/millrace/spark:0123456789ab",
      resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "1", memory: "128Mi" } },
      readinessProbe: {},
      startupProbe: {},
      securityContext: containerSecurityContext(),
    },
  ],
};

describe("the security contexts", () => {
  it("run as the given user, who owns the volumes unless another group does", () => {
    expect(podSecurityContext(185)).to.include({ runAsUser: 185, runAsGroup: 185, fsGroup: 185, runAsNonRoot: true });
    expect(podSecurityContext(185, 1000)).to.include({ runAsUser: 185, fsGroup: 1000 });
    expect(podSecurityContext()).to.include({ runAsUser: 10_001, fsGroup: 10_001 });
  });

  it("keep the root file system read-only unless told", () => {
    expect(containerSecurityContext().readOnlyRootFilesystem).to.equal(true);
    expect(containerSecurityContext({ readOnlyRootFilesystem: false }).readOnlyRootFilesystem).to.equal(false);
  });
});

describe("a pod's problems", () => {
  it("are none for a hardened pod", () => {
    expect(podProblems(hardened, true)).to.deep.equal([]);
  });

  it("are all named for a bare one", () => {
    expect(podProblems({ containers: [{ name: "bare" }] }, true)).to.have.length(12);
  });

  it("include no probes where the pod ends by itself", () => {
    const job = { ...hardened, containers: [{ ...hardened.containers[0], readinessProbe: undefined }] };
    expect(podProblems(job, true)).to.deep.equal(['container "driver" has no readinessProbe; add one']);
    expect(podProblems(job, false)).to.deep.equal([]);
  });

  it("are none for a spec without containers but the token's and the Services'", () => {
    expect(podProblems({}, true)).to.have.length(2);
  });
});

describe("a secret's name", () => {
  const secret = ["PASSWORD", "MINIO_ROOT_PASSWORD", "AWS_SECRET_ACCESS_KEY", "GARAGE_ADMIN_TOKEN", "accessKey"];
  const plain = [
    "PASSWORD_FILE",
    "secretName",
    "accessKeyField",
    "KAFKA_LOG_DIRS",
    "passwordLength",
    "keyring",
    "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID",
  ];

  it("is recognised", () => {
    for (const name of secret) expect(namesSecret(name), name).to.equal(true);
  });

  it("is not seen in names that say where a secret is, or how long", () => {
    for (const name of plain) expect(namesSecret(name), name).to.equal(false);
  });
});
