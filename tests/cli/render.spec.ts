import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parse } from "yaml";

import { renderedObject, writeRendered } from "../../cli/render.ts";
import type { EngineEvent } from "../../engine/types.ts";

const event = (type: string, inputs?: Record<string, unknown>): EngineEvent => ({
  kind: "resource",
  op: "create",
  urn: "urn:x::resource",
  type,
  name: "resource",
  status: "done",
  ...(inputs === undefined ? {} : { inputs }),
});

describe("a rendered preview", () => {
  it("has apiVersion and kind of core and of grouped objects", () => {
    const inputs = { metadata: { name: "kafka" } };
    expect(renderedObject(event("kubernetes:core/v1:Service", inputs))?.object).to.include({
      apiVersion: "v1",
      kind: "Service",
    });
    const set = renderedObject(event("kubernetes:apps/v1:StatefulSet", inputs));
    expect(set?.object).to.include({ apiVersion: "apps/v1", kind: "StatefulSet" });
    expect(set?.file).to.equal("statefulset-kafka.yaml");
  });

  it("leaves out components, other providers' resources and what goes away", () => {
    expect(renderedObject(event("millrace:index:Kafka", {}))).to.equal(undefined);
    expect(renderedObject(event("random:index/randomId:RandomId", {}))).to.equal(undefined);
    expect(renderedObject(event("pulumi:providers:kubernetes", {}))).to.equal(undefined);
    expect(renderedObject(event("kubernetes:core/v1:PersistentVolumeClaimPatch", {}))).to.equal(undefined);
    const gone = { ...event("kubernetes:core/v1:Service", {}), op: "delete" } as EngineEvent;
    expect(renderedObject(gone)).to.equal(undefined);
  });

  it("is written as one valid YAML document per object", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-render-"));
    try {
      const object = renderedObject(
        event("kubernetes:core/v1:ConfigMap", { metadata: { name: "a" }, data: { x: "1" } }),
      );
      writeRendered(join(folder, "out"), object === undefined ? [] : [object]);
      const text = readFileSync(join(folder, "out", "configmap-a.yaml"), "utf8");
      expect(parse(text)).to.deep.equal({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "a" },
        data: { x: "1" },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
