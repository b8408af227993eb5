import { expect } from "chai";
import { edgesOf, outsideAt, podsAt, publishedEdge } from "../../platform/network.ts";
import { networkPicture } from "../../platform/network-picture.ts";

const store = podsAt({ service: "object-store", component: "server" }, [3900], "S3");
const presto = { service: "presto", component: "coordinator" };
const edges = [
  ...edgesOf({ ...presto, reaches: [store, outsideAt(["s3.example"], [443], "S3 <cold>")] }),
  ...edgesOf({ service: "display", component: "server", reaches: [podsAt(presto, [8080], "queries")] }),
  ...edgesOf({ service: "hub", component: "hub", serviceAccountName: "hub" }),
  publishedEdge(presto, 8080, "Presto"),
];

describe("the picture of a network", () => {
  const picture = networkPicture(edges, "The network of a test");
  const texts = [...picture.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

  it("has a box for each service, with the ports at which others connect to it", () => {
    expect(texts).to.deep.equal([
      "display",
      "hub",
      "asks the API server",
      "object-store",
      "3900 S3",
      "outside: s3.example (any address)",
      "443 S3 &lt;cold&gt;",
      "presto",
      "8080 queries (published)",
    ]);
  });

  it("has a line for each edge between boxes, with an arrow and a name", () => {
    const lines = [
      ...picture.matchAll(/<path class="h\d" d="M[^"]+" marker-(?:end|start)="url\(#arrow\)"><title>([^<]+)/g),
    ];
    expect(lines.map(([, title]) => title)).to.have.members([
      "presto → object-store: 3900",
      "presto → outside: s3.example (any address): 443",
      "display → presto: 8080",
    ]);
  });

  it("says what it shows to those who can't see it, and follows a dark page", () => {
    expect(picture).to.match(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[-\d. ]+" role="img" aria-label="The network of a test">/,
    );
    expect(picture).to.contain("prefers-color-scheme: dark");
    expect(picture).not.to.contain("NaN");
  });
});
