import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { withArchive } from "../../../../components/spark/image/context.ts";
import { repositoryDir } from "../../../../platform/images/files.ts";

describe("Spark's start scripts", () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "spark-"));
    mkdirSync(join(home, "jars"));
    mkdirSync(join(home, "path"));
    for (const jar of ["slf4j-api-2.jar", "b.jar", "a.jar"]) writeFileSync(join(home, "jars", jar), "");
    writeFileSync(join(home, "path", "java"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  /** Words that Java gets, with `@` for Spark's home. */
  function java(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string[] {
    const here = (text: string): string => text.replaceAll("@", home);
    const said = execFileSync(join(repositoryDir, "components/spark/image/bin/spark-java"), args.map(here), {
      encoding: "utf8",
      env: {
        PATH: `${home}/path:/usr/bin:/bin`,
        SPARK_HOME: home,
        CLASS_ARCHIVE: here("@/classes.jsa"),
        ...environment,
      },
    });
    return said.trimEnd().replaceAll(home, "@").split("\n");
  }

  /** Else Java moves the archive, and changes all its pages. */
  const inPlace = ["-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"];
  const jars = "@/jars/slf4j-api-2.jar:@/jars/a.jar:@/jars/b.jar:@/jars/slf4j-api-2.jar";

  it("write the jars of a driver one by one, in the order of their names", () => {
    expect(
      java(["-cp", "@/conf/:@/jars/slf4j-api-2.jar:@/jars/*", "-Xmx1g", "org.apache.spark.deploy.SparkSubmit", "a b"]),
    ).to.deep.equal([...inPlace, "-cp", `${jars}:@/conf/`, "-Xmx1g", "org.apache.spark.deploy.SparkSubmit", "a b"]);
  });

  it("put an executor's folder of settings behind the jars, and leave people's own jars before them", () => {
    expect(
      java(["-Xms1g", "-cp", "@/mounted:/extra/x.jar:@/jars/*:/work", "Main"], { SPARK_CONF_DIR: `${home}/mounted` }),
    ).to.deep.equal(["-Xms1g", ...inPlace, "-cp", `/extra/x.jar:${jars}:/work:@/mounted`, "Main"]);
  });

  it("use the archive where there is one", () => {
    writeFileSync(join(home, "classes.jsa"), "");
    expect(java(["-cp", "@/jars/*", "Main"])).to.deep.equal([
      ...inPlace,
      "-XX:SharedArchiveFile=@/classes.jsa",
      "-cp",
      jars,
      "Main",
    ]);
  });

  it("are Spark's own but for the two lines that start Java, and refuse a spark-class without them", () => {
    expect(withArchive('LAUNCH_CLASSPATH="$SPARK_JARS_DIR/*"\nexec "${CMD[@]}"\n')).to.equal(
      'LAUNCH_CLASSPATH="$(echo "$SPARK_JARS_DIR"/spark-launcher_*.jar)"\nexec "${SPARK_HOME}/bin/spark-java" "${CMD[@]:1}"\n',
    );
    expect(() => withArchive('exec "${CMD[@]}"\n')).to.throw(/has not one line "LAUNCH_CLASSPATH=/);
  });
});
