import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, readFlow } from "../../../../components/nifi/programs/flow-file.ts";
import { parametersOf } from "../../../../components/nifi/programs/parameters.ts";
import { repositoryDir } from "../../../../platform/images/files.ts";
import { definition, textOf } from "../definition.ts";

const ways = 'give what "Download flow definition" of a group on the canvas writes';

describe("a flow as a file", () => {
  it("is refused with its name where it is no JSON, or no flow definition", () => {
    const [noJson] = readFlow("flows/a.json", "{").problems;
    expect(noJson).to.match(
      /^flow flows\/a\.json is no JSON: .+; give what "Download flow definition" of a group on the canvas writes$/,
    );
    expect(readFlow("flows/a.json", '{"flowContents":{"name":"a"}}').problems).to.deep.equal([
      `flow flows/a.json is no flow definition: flowContents.identifier: Invalid input: expected string, received undefined; ${ways}`,
    ]);
  });

  it("has no secret in clear, neither in a property nor in a parameter", () => {
    const flow = definition({ properties: { "Client Password": "hunter2", Url: "http://x" } });
    flow.parameterContexts["own"] = { parameters: [{ name: "key", sensitive: true, value: "hunter2" }] };
    expect(readFlow("flows/a.json", textOf(flow)).problems).to.deep.equal([
      'flow flows/a.json has a secret in clear: property "Client Password" of "send"; give a parameter: #{name}, whose value is not in the file',
      'flow flows/a.json has a secret in clear: parameter "key" of context "own"; leave its value out, and set it on the canvas',
    ]);
    for (const value of ["#{client.password}", "", "${header}"]) {
      const good = definition({ properties: { "Client Password": value } });
      expect(readFlow("flows/a.json", textOf(good)).problems, value).to.deep.equal([]);
    }
  });

  it("has a secret in an address, or in an expression with a text, and none where a service is named", () => {
    const problemsOf = (properties: Record<string, string>, isService = false): string[] => {
      const flow = definition({ properties });
      const [processor] = flow.flowContents.processors;
      for (const name of Object.keys(properties))
        Object.assign(processor?.propertyDescriptors ?? {}, { [name]: { identifiesControllerService: isService } });
      return readFlow("flows/a.json", textOf(flow)).problems;
    };
    expect(problemsOf({ Url: "https://me:hunter22@host/" })).to.have.length(1);
    expect(problemsOf({ Url: "https://me:#{password}@host/" })).to.deep.equal([]);
    expect(problemsOf({ Url: "https://host:8443/a@b" })).to.deep.equal([]);
    expect(problemsOf({ "X-Password": "${literal('hunter22')}" })).to.have.length(1);
    expect(problemsOf({ "Private Key Passphrase": "hunter22" })).to.have.length(1);
    expect(problemsOf({ "OAuth2 Access Token Provider": "9f1c-service-id" }, true)).to.deep.equal([]);
  });

  it("is another one where a property is, whatever it is called", () => {
    const of = (position: string) => fingerprint(definition({ properties: { position } }));
    expect(of("a")).not.to.equal(of("b"));
  });

  it("does the same wherever its boxes are on the canvas, and whoever has made it", () => {
    const one = definition({});
    const other = definition({});
    Object.assign(other.flowContents, { position: { x: 9, y: 9 }, comments: "another", instanceIdentifier: "x" });
    other.flowContents.processors.reverse();
    expect(fingerprint(other)).to.equal(fingerprint(one));
    const changed = definition({ properties: { Url: "http://other" } });
    expect(fingerprint(changed)).to.not.equal(fingerprint(one));
  });

  it("is right in the repository, and takes no other parameters than the platform gives", () => {
    const text = readFileSync(join(repositoryDir, "flows/intake.json"), "utf8");
    const { flow, problems } = readFlow("flows/intake.json", text);
    expect(problems).to.deep.equal([]);
    if (flow === undefined) throw new Error("no flow");
    expect(parametersOf(flow)).to.deep.equal([
      "intake.drop",
      "intake.kept",
      "intake.most.bytes",
      "intake.posts.port",
      "intake.schema",
      "kafka.bootstrap",
      "kafka.deliveries",
      "kafka.key.field",
      "kafka.rejected",
      "kafka.topic",
      "s3.bucket",
      "s3.region",
      "s3.url",
    ]);
  });
});
