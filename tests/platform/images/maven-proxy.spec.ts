import { expect } from "chai";
import {
  mavenOpts,
  mavenProxyOptions,
  proxyHint,
  proxyLogins,
  withoutPasswords,
  withProxyLogins,
} from "../../../platform/images/maven-proxy.ts";

describe("Maven's proxy options", () => {
  it("are none where the environment names no proxy", () => {
    expect(mavenProxyOptions({ NO_PROXY: "localhost", HTTPS_PROXY: "" })).to.deep.equal([]);
  });

  it("are HTTPS_PROXY's when only that is set", () => {
    expect(mavenProxyOptions({ HTTPS_PROXY: "http://proxy.corp:3128" })).to.deep.equal([
      "-Dhttps.proxyHost=proxy.corp",
      "-Dhttps.proxyPort=3128",
    ]);
  });

  it("are those of the variable in small letters, without its user and password, which would be seen by everybody", () => {
    const env = { https_proxy: "http://ada:p%40ss@proxy.corp:8080/", HTTPS_PROXY: "http://other:1" };
    expect(mavenProxyOptions(env)).to.deep.equal(["-Dhttps.proxyHost=proxy.corp", "-Dhttps.proxyPort=8080"]);
  });

  it("are one proxy for both schemes from ALL_PROXY, and the port of the proxy's own scheme", () => {
    expect(mavenProxyOptions({ ALL_PROXY: "proxy.corp", HTTPS_PROXY: "https://secure.corp" })).to.deep.equal([
      "-Dhttp.proxyHost=proxy.corp",
      "-Dhttp.proxyPort=80",
      "-Dhttps.proxyHost=secure.corp",
      "-Dhttps.proxyPort=443",
    ]);
  });

  it("leave out NO_PROXY's hosts in Java's form", () => {
    const env = { HTTP_PROXY: "http://proxy:1", no_proxy: "localhost, 127.0.0.1,.corp,*.lab,maven.here:8081" };
    expect(mavenProxyOptions(env).at(-1)).to.equal(
      "-Dhttp.nonProxyHosts=localhost|127.0.0.1|corp|*.corp|lab|*.lab|maven.here|*.maven.here",
    );
    expect(mavenProxyOptions({ HTTP_PROXY: "http://proxy:1", NO_PROXY: "a,*" }).at(-1)).to.equal(
      "-Dhttp.nonProxyHosts=*",
    );
  });

  it("come before what MAVEN_OPTS has already, which then wins", () => {
    expect(mavenOpts({ MAVEN_OPTS: "-Xmx1g" })).to.equal("-Xmx1g");
    expect(mavenOpts({ MAVEN_OPTS: "-Xmx1g", HTTPS_PROXY: "proxy:1" })).to.equal(
      "-Dhttps.proxyHost=proxy -Dhttps.proxyPort=1 -Daether.connector.http.useSystemProperties=true -Xmx1g",
    );
  });

  it("name the place of a user and a password when a proxy asks for them, and touch no other error", () => {
    const asked = proxyHint(new Error("mvn ended: status: 407 Proxy Authentication Required"));
    expect(asked)
      .to.have.property("message")
      .that.matches(/407[\s\S]*give them in \$HTTPS_PROXY \(http:\/\/user:password@host:port\) or in a <proxy>/);
    const other = new Error("mvn ended: 404");
    expect(proxyHint(other)).to.equal(other);
  });

  it("are refused without repeating the value when it is no HTTP proxy", () => {
    expect(() => mavenProxyOptions({ HTTPS_PROXY: "socks5://ada:secret@proxy:1080" }))
      .to.throw(/\$HTTPS_PROXY is not the address of an HTTP proxy; give http:/)
      .with.property("message")
      .that.does.not.include("secret");
  });
});

describe("a proxy's user and password", () => {
  const env = { HTTPS_PROXY: "http://ada:p%26ss%24%26@proxy.corp:3128", NO_PROXY: ".corp" };
  const proxy =
    "<proxy><id>environment-https</id><active>true</active><protocol>https</protocol><host>proxy.corp</host>" +
    "<port>3128</port><username>ada</username><password>p&amp;ss$&amp;</password>" +
    "<nonProxyHosts>corp|*.corp</nonProxyHosts></proxy>";

  it("come to Maven's settings, beside what is there", () => {
    expect(withProxyLogins(undefined, proxyLogins(env))).to.equal(`<settings><proxies>${proxy}</proxies></settings>`);
    const mirrored =
      "<settings><proxies> <!-- <proxy>sample</proxy> --> </proxies><mirrors><mirror/></mirrors></settings>";
    expect(withProxyLogins(mirrored, proxyLogins(env))).to.equal(
      `<settings><mirrors><mirror/></mirrors><proxies>${proxy}</proxies></settings>`,
    );
  });

  it("leave settings alone that name proxies already, and are none where the proxy has no user", () => {
    expect(withProxyLogins("<settings><proxies><proxy/></proxies></settings>", proxyLogins(env))).to.equal(undefined);
    expect(proxyLogins({ HTTPS_PROXY: "http://proxy.corp:3128" })).to.deep.equal([]);
  });

  it("are repeated by no error, as they are or escaped", () => {
    const error = new Error("mvn -gs x ended: http://ada:p%26ss%24%26@proxy.corp said no to p&ss$&");
    expect(withoutPasswords(error, proxyLogins(env)))
      .to.have.property("message")
      .that.equals("mvn -gs x ended: http://ada:***@proxy.corp said no to ***");
  });
});
