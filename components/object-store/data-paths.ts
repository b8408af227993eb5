/** Where each S3 server of the platform's own keeps its data; what one writes no other can read. */
export const dataPaths = {
  garage: "/var/lib/garage",
  versity: "/var/lib/versitygw",
  minio: "/data",
} as const;

export type ServerKind = keyof typeof dataPaths;
