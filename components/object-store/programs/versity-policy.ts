/** Rights on a bucket as the bucket's policy, which is how Versity's gateway gives them. */
import { z } from "zod";
import { actionsOf, type Right, right } from "./rights.ts";
import type { KeyPair, Setup } from "./setup.ts";

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/**
 * The server keeps a policy as an attribute of the bucket's folder, for which ext4 has less than 4 KiB. So consumers with the
 * same rights share their statements: one more takes the length of its key.
 * @returns what each consumer may do with the bucket and nothing else; `undefined` when none has a right on it
 */
export function policyOf(
  bucket: string,
  setup: Setup,
  pairs: ReadonlyMap<string, KeyPair>,
): { readonly Version: string; readonly Statement: readonly Statement[] } | undefined {
  const holders = new Map<string, { readonly rights: readonly Right[]; readonly keys: string[] }>();
  for (const [consumer, { [bucket]: given = [] }] of Object.entries(setup.keys)) {
    const pair = pairs.get(consumer);
    if (given.length === 0 || pair === undefined) continue;
    const rights = right.options.filter((one) => given.includes(one));
    const name = rights.join("+");
    const group = holders.get(name) ?? { rights, keys: [] };
    group.keys.push(pair.accessKey);
    holders.set(name, group);
  }
  const statements = [...holders].flatMap(([name, { rights, keys }]): Statement[] => {
    const statement = (what: "bucket" | "object", resource: string): Statement => ({
      Sid: `${name} ${what}`,
      Effect: "Allow",
      Principal: { AWS: keys },
      Action: actionsOf(rights, what),
      Resource: [resource],
    });
    return [statement("bucket", `arn:aws:s3:::${bucket}`), statement("object", `arn:aws:s3:::${bucket}/*`)];
  });
  return statements.length === 0 ? undefined : { Version: "2012-10-17", Statement: statements };
}

/** A statement of ours, as `policyOf` writes it. */
const ours = z.looseObject({
  Sid: z.string().regex(/^\S+ (bucket|object)$/),
  Principal: z.object({ AWS: z.array(z.string()) }),
});
const policies = z.looseObject({ Statement: z.array(z.unknown()) });

/**
 * @param isForeign Whether an account is somebody else's.
 * @returns the policy without the statements that a setup has written; `undefined` when it has no others
 */
export function withoutOurs(policy: unknown, isForeign: (accessKey: string) => boolean): object | undefined {
  const { data } = policies.safeParse(policy);
  if (data === undefined) return policy as object | undefined;
  const others = data.Statement.filter((statement) => {
    const read = ours.safeParse(statement);
    return !read.success || read.data.Principal.AWS.some(isForeign);
  });
  return others.length === 0 ? undefined : { ...data, Statement: others };
}
