import { expect } from "chai";
import { decidingComponents, type Known, settled } from "../../config/claim-program.ts";
import { wantedImages } from "../../config/images.ts";
import { loadConfig } from "../../config/index.ts";
import type { LiveClaim, LivePlatform } from "../../config/live-platform.ts";
import { transitionProblems } from "../../config/transitions.ts";
import { imagesToBuild } from "../../images/wanted.ts";

const claim = (dataOf?: string): LiveClaim => ({
  namespace: "millrace",
  name: "data-object-store-0",
  service: "object-store",
  ordinal: 0,
  sizeBytes: 10 * 2 ** 30,
  ...(dataOf === undefined ? {} : { dataOf }),
});
const set = (mountPath: string, hasClaims = true) => ({
  namespace: "millrace",
  service: "object-store",
  replicas: 1,
  hasClaims,
  mountPaths: ["/tmp", mountPath],
});
const nothing: LivePlatform = { claims: [], sets: [] };
const load = (objectStore: object = {}) => loadConfig({ "millrace:services": { objectStore } });
const recorded = (server: string): Known["recorded"] => ({ ObjectStore: { server } });

/** The server that a platform gets, or why it gets none. */
function serverOf(known: Partial<Known>, objectStore: object = {}): string {
  const { config, problems } = settled(load(objectStore), { live: undefined, recorded: {}, ...known });
  return problems.length === 0 ? config.services.objectStore.server : problems.join("\n");
}

describe("a server that is left to the data", () => {
  it("is Versity's gateway for a platform that is new, whether or not its cluster is there", () => {
    expect(serverOf({})).to.equal("versity");
    expect(serverOf({ live: nothing })).to.equal("versity");
    expect(serverOf({ live: { ...nothing, claims: [{ ...claim("garage"), service: "kafka" }] } })).to.equal("versity");
  });

  it("is the one that the claim bears, whatever the set and the state say", () => {
    for (const server of ["garage", "versity", "minio"]) {
      const live = { claims: [claim(server)], sets: [set("/data")] };
      expect(serverOf({ live, recorded: recorded("minio") }, { image: "registry.example/s3:1" })).to.equal(server);
    }
  });

  it("is the one that the claim bears after the store was switched off and on again, and after the state was lost", () => {
    expect(serverOf({ live: { claims: [claim("garage")], sets: [] } })).to.equal("garage");
  });

  it("is the one that the set runs, of a platform whose claim bears no name yet, or that has no claims", () => {
    expect(serverOf({ live: { claims: [claim()], sets: [set("/var/lib/garage")] } })).to.equal("garage");
    expect(serverOf({ live: { claims: [], sets: [set("/var/lib/garage", false)] } })).to.equal("garage");
    expect(serverOf({ live: { claims: [claim()], sets: [set("/var/lib/versitygw")] } })).to.equal("versity");
  });

  it("is the one of the state while the cluster does not answer", () => {
    expect(serverOf({ recorded: recorded("garage"), mayHaveMore: true })).to.equal("garage");
    expect(serverOf({ recorded: recorded("garage"), live: nothing })).to.equal("garage");
  });

  it("is refused where data are there and nothing says whose", () => {
    expect(serverOf({ live: { claims: [claim()], sets: [] } })).to.equal(
      'millrace:services.objectStore.server: received "auto", but nothing says which server\'s data claim data-object-store-0 (10Gi) has; ' +
        "set it to the one that has written them: garage, versity or minio",
    );
    expect(serverOf({ mayHaveMore: true })).to.equal(
      'millrace:services.objectStore.server: received "auto", but the cluster does not answer, and the state does not say which server\'s data ' +
        "the platform has; try again, or set it to the one that has written them: garage, versity or minio",
    );
  });

  it("is refused on a new platform that brings an image, which may be any server's, and goes on where there are data", () => {
    const own = { image: "registry.example/s3:1" };
    expect(serverOf({}, own)).to.equal(
      'millrace:services.objectStore.image: received "registry.example/s3:1", but not which server it has; ' +
        "set millrace:services.objectStore.server to garage, versity, minio",
    );
    expect(serverOf({ live: { claims: [claim("garage")], sets: [] } }, own)).to.equal("garage");
  });

  it("is refused with what it lacks, or where a later version has brought it", () => {
    expect(serverOf({ live: { claims: [claim("minio")], sets: [] } })).to.equal(
      "millrace:services.objectStore.image: missing; server minio is not built from packages: name its image with a tag",
    );
    expect(serverOf({ live: { claims: [claim("seaweedfs")], sets: [] } })).to.equal(
      'millrace:services.objectStore.server: received "auto", but the platform has data of "seaweedfs", which this version does not ' +
        "know; take the version that does",
    );
  });

  it("stays as the stack's file has it, and nobody is asked", () => {
    for (const server of ["garage", "versity", "existing"]) {
      const existing = server === "existing" ? { existing: { host: "s3.example", secretName: "keys" } } : {};
      const config = load({ server, ...existing });
      expect(decidingComponents(config, nothing)).to.deep.equal([]);
      expect(settled(config, { live: nothing, recorded: recorded("minio"), mayHaveMore: true })).to.deep.equal({
        config,
        problems: [],
      });
    }
  });

  it("is nobody's where the store is switched off", () => {
    const config = load();
    const objectStore = { ...config.services.objectStore, enabled: false };
    const off = { ...config, services: { ...config.services, objectStore } };
    expect(settled(off, { live: nothing, recorded: {} })).to.deep.equal({ config: off, problems: [] });
  });

  it("asks the state only for what the cluster does not tell", () => {
    expect(decidingComponents(load(), undefined)).to.deep.equal(["ObjectStore"]);
    expect(decidingComponents(load(), { claims: [claim()], sets: [] })).to.deep.equal(["ObjectStore"]);
    expect(decidingComponents(load(), { claims: [claim("garage")], sets: [] })).to.deep.equal([]);
  });

  it("leaves everything else as it is, needs its own image only, and loses nothing", () => {
    const live = { claims: [claim("garage")], sets: [set("/var/lib/garage")] };
    const { config } = settled(load(), { live, recorded: {} });
    expect(config).to.deep.equal(load({ server: "garage" }));
    expect(imagesToBuild(wantedImages(config)))
      .to.include("garage")
      .and.not.include("versitygw");
    expect(transitionProblems({ live, config, storageClass: "default" })).to.deep.equal([]);
  });
});
