/** Rights on a bucket as the bucket's policy, which is how Versity's gateway gives them. */
import type { KeyPair, Setup } from "./setup.ts";

type Right = Setup["keys"][string][string][number];

const ACTIONS: Readonly<Record<Right, { readonly bucket: readonly string[]; readonly object: readonly string[] }>> = {
  read: { bucket: ["s3:GetBucketLocation", "s3:ListBucket"], object: ["s3:GetObject", "s3:GetObjectAttributes"] },
  write: {
    bucket: ["s3:ListBucketMultipartUploads"],
    object: ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
  },
  owner: { bucket: ["s3:*"], object: ["s3:*"] },
};

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** @returns what each consumer may do with the bucket and nothing else; `undefined` when none has a right on it */
export function policyOf(
  bucket: string,
  setup: Setup,
  pairs: ReadonlyMap<string, KeyPair>,
): { readonly Version: string; readonly Statement: readonly Statement[] } | undefined {
  const statements = Object.entries(setup.keys).flatMap(([consumer, rights]): Statement[] => {
    const held = rights[bucket] ?? [];
    const pair = pairs.get(consumer);
    if (held.length === 0 || pair === undefined) return [];
    const statement = (what: "bucket" | "object", resource: string): Statement => ({
      Sid: `${consumer} ${what}`,
      Effect: "Allow",
      Principal: { AWS: [pair.accessKey] },
      Action: held.includes("owner") ? ACTIONS.owner[what] : held.flatMap((right) => ACTIONS[right][what]),
      Resource: [resource],
    });
    return [statement("bucket", `arn:aws:s3:::${bucket}`), statement("object", `arn:aws:s3:::${bucket}/*`)];
  });
  return statements.length === 0 ? undefined : { Version: "2012-10-17", Statement: statements };
}
