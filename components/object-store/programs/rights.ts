/** What rights on a bucket allow, in the words of S3's policies: one list for every server that takes policies. */
import { z } from "zod";

export const right = z.enum(["read", "write", "owner"]);
export type Right = z.infer<typeof right>;

const ACTIONS = {
  read: { bucket: ["s3:GetBucketLocation", "s3:ListBucket"], object: ["s3:GetObject"] },
  write: {
    bucket: ["s3:ListBucketMultipartUploads"],
    object: ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
  },
  owner: { bucket: ["s3:*"], object: ["s3:*"] },
} satisfies Readonly<Record<Right, object>>;

/** Actions on a bucket itself, or on its objects. */
export function actionsOf(rights: readonly Right[], what: "bucket" | "object"): string[] {
  return rights.includes("owner") ? ACTIONS.owner[what] : rights.flatMap((one) => ACTIONS[one][what]);
}
