import { expect } from "chai";
import type Docker from "dockerode";
import { ownContainer, reachRefusal } from "../../clusters/docker-reach.ts";

const ID = "0123456789abcdef".repeat(4);
const inContainer = `712 700 252:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw\n`;
const onMachine = "22 1 252:1 / / rw,relatime - ext4 /dev/vda rw\n";

/** An engine that has the container, with this network; without one, it has none. */
const engine = (network?: string): Pick<Docker, "getContainer"> => ({
  getContainer: (id) =>
    ({
      inspect: () =>
        network !== undefined && id === ID
          ? Promise.resolve({ Name: "/build-7", HostConfig: { NetworkMode: network } })
          : Promise.reject(Object.assign(new Error("no such container"), { statusCode: 404 })),
    }) as unknown as Docker.Container,
});

describe("ports that a Docker engine publishes on 127.0.0.1", () => {
  it("are out of reach at once where the engine is another machine's, whose login is not shown", async () => {
    const remote = await reachRefusal(engine(), "ssh://ada:secret@build.example", onMachine);
    expect(remote).to.match(/^the Docker engine is on another machine \(ssh:\/\/build\.example\).*127\.0\.0\.1 only/);
    expect(remote).to.match(/run Millrace on that machine.*docker context ls.*cluster\.target to cloud/);
    expect(await reachRefusal(engine(), "tcp://docker:2376", onMachine)).to.contain("(tcp://docker:2376)");
  });

  it("are within reach of a socket, and of an engine at a loopback address", async () => {
    const near = [
      "",
      "unix:///run/user/1000/docker.sock",
      "tcp://127.0.0.1:2375",
      "tcp://localhost:1",
      "tcp://[::1]:1",
    ];
    for (const host of near) expect(await reachRefusal(engine(), host, onMachine), host).to.equal(undefined);
  });

  it("are out of reach from a container of that engine with a network of its own", async () => {
    const refusal = await reachRefusal(engine("bridge"), "", inContainer);
    expect(refusal).to.match(/^Millrace runs in the container build-7 .*--network host/);
  });

  it("are within reach of a container with the machine's network, and of one that another engine has started", async () => {
    expect(await reachRefusal(engine("host"), "", inContainer)).to.equal(undefined);
    expect(await reachRefusal(engine(), "", inContainer)).to.equal(undefined);
  });

  it("are asked for by the container's own id, which Docker's mounts bear", () => {
    expect(ownContainer(inContainer)).to.equal(ID);
    expect(ownContainer(onMachine)).to.equal(undefined);
  });
});
