/**
 * One way to make an S3 client, for the platform's programs and the proof.
 *
 * Environment: `AWS_SESSION_TOKEN`: third part of a key that ends; `S3_CA`: the authority of the service's certificate, in PEM, by
 * default those that Node knows. Each may be missing.
 */
import { Agent } from "node:https";
import { Client } from "minio";

export interface S3ClientOptions {
  /** `https://host:port` */
  readonly url: URL;
  readonly region: string;
  /** Whether buckets are path segments, not host names. */
  readonly pathStyle: boolean;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Size of the parts of a large upload, in bytes; each is held in memory. @default - the library's own */
  readonly partSize?: number;
}

/** @param environment Where the token and the authority are. @default - the program's own */
export function s3Client(
  { url, ...options }: S3ClientOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Client {
  const useSSL = url.protocol === "https:";
  const { AWS_SESSION_TOKEN: sessionToken = "", S3_CA: ca = "" } = environment;
  return new Client({
    endPoint: url.hostname,
    port: url.port === "" ? (useSSL ? 443 : 80) : Number(url.port),
    useSSL,
    ...options,
    ...(sessionToken !== "" && { sessionToken }),
    ...(useSSL && ca !== "" && { transportAgent: new Agent({ ca, keepAlive: true }) }),
  });
}
