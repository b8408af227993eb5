import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  formatUpstreamLock,
  lockedDigests,
  lockedReference,
  lockUpstream,
  parseUpstreamLock,
  unlockedProblems,
  UPSTREAM_LOCK,
  upstreamPlace,
} from "../../images/upstream-lock.ts";
import { officialImages } from "../../images/tags.ts";
import { repositoryDir } from "../../platform/images/files.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { UpstreamLock } from "../support/upstream-lock.ts";

const kafka = "docker.io/apache/kafka:4.3.1";
const presto = "docker.io/prestodb/presto:0.287";
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe("the lock of official images", () => {
  let lock: UpstreamLock;
  beforeEach(() => {
    lock = new UpstreamLock();
  });
  afterEach(() => {
    lock.remove();
  });

  it("has a line for each tag with what it named, sorted", () => {
    const text = formatUpstreamLock(
      new Map([
        [presto, digest("b")],
        [kafka, digest("a")],
      ]),
    );
    const lines = text.split("\n").filter((line) => !line.startsWith("#"));
    expect(lines).to.deep.equal([`${kafka} ${digest("a")}`, `${presto} ${digest("b")}`, ""]);
    expect(parseUpstreamLock(text).get(presto)).to.equal(digest("b"));
  });

  it("refuses a line that is none by its number, with what it should be and what writes it anew", () => {
    for (const line of [
      "kafka sha256:1",
      `${kafka} 1`,
      kafka,
      `${kafka} ${digest("a")} x`,
      `apache/kafka ${digest("a")}`,
    ]) {
      expect(() => parseUpstreamLock(`# text\n${line}\n`), line).to.throw(
        `images/upstream.lock, line 2: "${line}" is not a lock line; expected: registry/name:tag sha256:<64 hex digits>. ` +
          "Write it anew: npm run images -- --lock-upstream",
      );
    }
  });

  it("gives an image by its digest, and says for all that have none what to do", () => {
    lock.write({ [kafka]: digest("a") });
    expect(lockedReference(kafka)).to.equal(`docker.io/apache/kafka@${digest("a")}`);
    expect(unlockedProblems([kafka])).to.deep.equal([]);
    expect(unlockedProblems([presto, kafka, "docker.io/library/cassandra:5.0.9"])).to.deep.equal([
      "millrace:images.source: upstream, and images/upstream.lock has no digest of docker.io/prestodb/presto:0.287, " +
        "docker.io/library/cassandra:5.0.9; where a registry that has them can be reached, run npm run images -- --lock-upstream, " +
        "and commit the file; or set millrace:images.source to auto",
    ]);
    expect(() => lockedReference(presto)).to.throw(
      "images/upstream.lock has no digest of docker.io/prestodb/presto:0.287",
    );
  });

  it("in the repository can be read, and has lines of images that there are", () => {
    const text = readFileSync(join(repositoryDir, UPSTREAM_LOCK), "utf8");
    const known = parseUpstreamLock(text);
    expect(officialImages).to.include.members([...known.keys()]);
    expect(text).to.equal(formatUpstreamLock(known));
  });

  it("has names of Docker Hub, which a mirror of it has below its own", () => {
    expect(upstreamPlace(kafka, undefined)).to.deep.equal({
      server: "docker.io",
      repository: "apache/kafka",
      tag: "4.3.1",
    });
    expect(upstreamPlace(kafka, "mirror.example:5000/hub/all")).to.deep.equal({
      server: "mirror.example:5000",
      repository: "hub/all/apache/kafka",
      tag: "4.3.1",
    });
    expect(upstreamPlace("quay.io/some/image:1", "mirror.example").server).to.equal("quay.io");
  });
});

describe("looking up official images", () => {
  let lock: UpstreamLock;
  let hub: FakeRegistry;
  beforeEach(async () => {
    lock = new UpstreamLock();
    hub = await FakeRegistry.start();
  });
  afterEach(async () => {
    lock.remove();
    await hub.stop();
  });
  const look = (images: readonly string[]) =>
    lockUpstream({ images, mirror: `${hub.server}/hub`, platform: "linux/amd64" });

  it("writes what a tag names, for all its platforms, and changes nothing when it is the same again", async () => {
    hub.putIndex("hub/apache/kafka", "4.3.1", { amd64: "a", arm64: "b" });
    const named = hub.digest("hub/apache/kafka", "4.3.1") ?? "";
    expect(await look([kafka])).to.deep.equal([{ image: kafka, digest: named, before: null, error: null }]);
    expect(lock.text).to.match(new RegExp(`^${kafka} ${named}$`, "m"));
    const before = lock.text;
    expect(await look([kafka])).to.deep.equal([{ image: kafka, digest: named, before: named, error: null }]);
    expect(lock.text).to.equal(before);
  });

  it("follows a tag that has moved, and says what it was", async () => {
    lock.write({ [kafka]: digest("a") });
    const named = hub.put("hub/apache/kafka", "4.3.1", ["new"]);
    expect(await look([kafka])).to.deep.equal([{ image: kafka, digest: named, before: digest("a"), error: null }]);
    expect(lockedDigests().get(kafka)).to.equal(named);
  });

  it("keeps the line of a tag that can't be looked up or lacks our platform, and writes the others", async () => {
    const arm = "docker.io/dxflrs/garage:v2.5.0";
    lock.write({ [presto]: digest("b") });
    const named = hub.put("hub/apache/kafka", "4.3.1", ["kafka"]);
    hub.put("hub/dxflrs/garage", "v2.5.0", ["garage"], "arm64");
    const found = await look([presto, kafka, arm]);
    expect(found.map((one) => one.error)).to.deep.equal([
      `${hub.server} has no hub/prestodb/presto:0.287`,
      null,
      "it is for linux/arm64, not for linux/amd64",
    ]);
    expect([...lockedDigests()]).to.have.deep.members([
      [presto, digest("b")],
      [kafka, named],
    ]);
  });
});
