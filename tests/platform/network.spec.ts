import { expect } from "chai";
import {
  apiServer,
  type Edge,
  edgesOf,
  endName,
  mergedEdges,
  outsideAt,
  outsideUrl,
  podsAt,
  publishedEdge,
} from "../../platform/network.ts";

const kafka = podsAt({ service: "kafka", component: "broker" }, [9092], "Kafka");

describe("an edge", () => {
  it("leads from a pod to each endpoint that it was handed, and to the API server where it has an account", () => {
    const from = { kind: "pods", service: "driver", component: "driver" } as const;
    const told = { service: "driver", component: "driver", reaches: [kafka], serviceAccountName: "spark" };
    expect(edgesOf(told)).to.deep.equal([
      { from, to: kafka.end, ports: [9092], why: "Kafka" },
      { from, to: { kind: "apiServer" }, ports: [], why: "Kubernetes API" },
    ]);
    expect(edgesOf({ service: "driver", component: "driver" })).to.deep.equal([]);
  });

  it("carries nothing of a pod but its role", () => {
    const pod = { service: "display", component: "server", image: "display:1", env: [], reaches: [kafka] };
    expect(edgesOf(pod)[0]?.from).to.deep.equal({ kind: "pods", service: "display", component: "server" });
  });

  it("is named by its ends in people's words", () => {
    const executors = podsAt({ service: "spark", component: "executor", also: { app: "census" } }, [], "");
    const ends = [kafka.end, executors.end, apiServer.end];
    expect(ends.map(endName)).to.deep.equal(["kafka/broker", "spark/executor (census)", "API server"]);
    expect(endName(publishedEdge({ service: "presto", component: "coordinator" }, 8080, "Presto").from)).to.equal(
      "published address",
    );
  });

  it("outside says what more than the host is open, for a policy knows no names", () => {
    const outside = (...hosts: string[]) => endName(outsideAt(hosts, [9092], "Kafka").end);
    expect(outside("192.0.2.7", "192.0.2.8", "192.0.2.7")).to.equal("outside: 192.0.2.7, 192.0.2.8");
    expect(outside("s3.example")).to.equal("outside: s3.example (any address)");
    expect(outside("kafka-0.kafka.streams.svc")).to.equal(
      "outside: kafka-0.kafka.streams.svc (all pods of namespace streams)",
    );
    expect(outside("a.b.svc.example.com")).to.equal("outside: a.b.svc.example.com (any address)");
  });

  it("is one with others between the same ends for the same reason, sorted by name", () => {
    const from = { kind: "pods", service: "b", component: "x" } as const;
    const edge = (service: string, port: number, why = "it"): Edge => ({
      from: { ...from, service },
      to: kafka.end,
      ports: [port],
      why,
    });
    expect(
      mergedEdges([edge("b", 9093), edge("a", 1), edge("b", 9092), edge("b", 9093), edge("b", 7, "else")]),
    ).to.deep.equal([edge("a", 1), edge("b", 7, "else"), { ...edge("b", 0), ports: [9092, 9093] }]);
  });

  it("leads outside to the port of a URL, or to that of its protocol", () => {
    expect(outsideUrl("https://login.example.com/realms/data", "logins")).to.deep.equal(
      outsideAt(["login.example.com"], [443], "logins"),
    );
    expect(outsideUrl("thrift://metastore.example:9083", "tables")).to.deep.equal(
      outsideAt(["metastore.example"], [9083], "tables"),
    );
    expect(outsideUrl("http://10.0.0.7/", "logins").ports).to.deep.equal([80]);
  });
});
