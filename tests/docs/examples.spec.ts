import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { podProblems } from "../../platform/hardening.ts";
import { projectDir } from "../../cli/paths.ts";
import { mock } from "../support/mocks.ts";

const read = (file: string): string => readFileSync(join(projectDir, file), "utf8");

describe("the page of the components", () => {
  it("shows the example as it is", () => {
    const blocks = [...read("docs/components.md").matchAll(/<!-- from (\S+) -->\n\n```\w+\n([^]*?)```/g)];
    expect(blocks.map(([, file]) => file)).to.deep.equal(["docs/examples/orders.ts", "docs/examples/orders.py"]);
    for (const [, file = "", text] of blocks) expect(text, file).to.equal(read(file));
  });

  it("has an example that runs through the package's exports, and makes Kafka and Spark and nothing else", async () => {
    const mocked = await mock();
    await import("../../docs/examples/orders.ts");
    const resources = await mocked.resources();
    const components = resources
      .filter(({ type }) => type.startsWith("millrace:"))
      .map(({ type, name }) => [type, name]);
    expect(components).to.have.deep.members([
      ["millrace:index:Kafka", "events"],
      ["millrace:index:Spark", "spark"],
      ["millrace:index:SparkApplication", "orders"],
    ]);
    const workloads = resources.filter(({ type }) => /:(StatefulSet|Deployment)$/.test(type));
    expect(workloads.map(({ name }) => name)).to.have.members(["events", "spark-orders-driver"]);
    for (const { name, inputs } of workloads) {
      expect(podProblems(inputs.spec.template.spec, true), name).to.deep.equal([]);
    }
    const driver = await mocked.get("kubernetes:apps/v1:Deployment", "spark-orders-driver");
    expect(driver.inputs.spec.template.spec.containers[0].env).to.deep.include({
      name: "KAFKA_BOOTSTRAP",
      value: "events.orders.svc:9092",
    });
  });
});
