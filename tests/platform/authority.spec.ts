import { expect } from "chai";

import { authorityProblems } from "../../platform/authority.ts";
import { ownAuthority } from "../support/own-authority.ts";

const DAY_MS = 86_400_000;

describe("The certificates of an authority", () => {
  const { ca, server } = ownAuthority();
  const wanted = 'give certificates in PEM, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"';

  it("may be one or several, with words between them", () => {
    expect(authorityProblems("ca", ca)).to.deep.equal([]);
    expect(authorityProblems("ca", `# old\n${ca}\n# new\n${ownAuthority("New").ca}`)).to.deep.equal([]);
  });

  it("are refused when they are no PEM, a key, or cut off", () => {
    expect(authorityProblems("ca", "MIIBszCCAVmgAwIBAgIU")).to.deep.equal([`ca: is no certificate in PEM; ${wanted}`]);
    expect(authorityProblems("ca", ca + server.key)).to.deep.equal([
      `ca: holds a PRIVATE KEY, which no client needs; ${wanted} and nothing else`,
    ]);
    const broken = ca.replace(/\n[^\n]+\n-----END/, "\n-----END");
    expect(authorityProblems("ca", ca + broken)).to.deep.equal([`ca: certificate 2 of 2 can't be read; ${wanted}`]);
  });

  it("are refused when the last of them has ended, with whose it was and when", () => {
    const later = Date.now() + 30 * DAY_MS;
    const [problem, ...others] = authorityProblems("ca", ca, later);
    expect(problem).to.match(
      /^ca: has ended, "CN=Acme own CA" on \d{4}-\d\d-\d\d, so clients trust nobody by it; give the one that is valid now$/,
    );
    expect(others).to.deep.equal([]);
  });

  it("are refused when they are more than a program's environment takes", () => {
    expect(authorityProblems("ca", ca.repeat(200))[0]).to.match(/^ca: received \d+ bytes; give at most 65536/);
  });
});
