/** The S3A file system without the 641 MB SDK bundle, for every image that reads tables by Hadoop's client. */
import type { MavenRoot } from "../../../platform/images/recipe.ts";
import { sparkVersions } from "./versions.ts";

/** The SDK that hadoop-aws 3.4.2 is compiled against; its parts weigh 11 MB, its bundle 641 MB. */
const AWS_SDK = "2.29.52";
/** hadoop-aws 3.4.2 loads this class by name even when OpenSSL is not used. */
const WILDFLY_OPENSSL = "2.2.5.Final";

const awsParts = ["s3", "s3-transfer-manager", "sts", "netty-nio-client", "apache-client"];

export const s3aRoots: readonly MavenRoot[] = [
  { coordinates: `org.apache.hadoop:hadoop-aws:${sparkVersions.hadoop}`, transitive: false },
  ...awsParts.map((part) => ({ coordinates: `software.amazon.awssdk:${part}:${AWS_SDK}` })),
  { coordinates: `org.wildfly.openssl:wildfly-openssl:${WILDFLY_OPENSSL}`, transitive: false },
];
