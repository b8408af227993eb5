import { expect } from "chai";
import { nodeRefusal, refuseReason } from "../../clusters/docker-engine.ts";

const situation = { dockerHost: undefined, code: "ENOENT", root: true, debian: true };

describe("Docker engine that does not answer", () => {
  it("is brought up by root on Debian", () => {
    expect(refuseReason(situation)).to.equal(undefined);
  });

  it("is left to its owner when DOCKER_HOST names it", () => {
    expect(refuseReason({ ...situation, dockerHost: "tcp://build:2375", code: "ECONNREFUSED" })).to.match(
      /DOCKER_HOST=tcp:\/\/build:2375 \(ECONNREFUSED\).*unset DOCKER_HOST/,
    );
  });

  it("is not installed again when only the right to use it is missing", () => {
    expect(refuseReason({ ...situation, code: "EACCES", root: false })).to.match(
      /permission denied.*usermod -aG docker/,
    );
  });

  it("gets Debian's own command for users who are not root", () => {
    expect(refuseReason({ ...situation, root: false })).to.include("sudo apt-get install -y docker.io");
  });

  it("is refused for a node at once when it is rootless, with the ways out", () => {
    const rootless = { SecurityOptions: ["name=seccomp,profile=default", "name=rootless", "name=cgroupns"] };
    expect(nodeRefusal(rootless)).to.match(/^this Docker engine is rootless.*docker context ls.*cluster\.target/);
    expect(nodeRefusal({ SecurityOptions: ["name=seccomp,profile=default"] })).to.equal(undefined);
    expect(nodeRefusal({})).to.equal(undefined);
  });

  it("gets a link to the instructions elsewhere", () => {
    expect(refuseReason({ ...situation, debian: false })).to.include("docs.docker.com/engine/install");
  });
});
