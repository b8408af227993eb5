/** Pulumi's own generated messages, and plain objects to and from protobuf structs. */

import { createRequire } from "node:module";
import type * as grpc from "@grpc/grpc-js";
import type emptyTypes from "google-protobuf/google/protobuf/empty_pb.js";
import type structTypes from "google-protobuf/google/protobuf/struct_pb.js";
import type { Props } from "./values.ts";

// Structs must come from the same copy of google-protobuf as Pulumi's messages.
const own = createRequire(import.meta.resolve("@pulumi/pulumi/package.json"));
const structs = own("google-protobuf/google/protobuf/struct_pb.js") as typeof structTypes;
const empties = own("google-protobuf/google/protobuf/empty_pb.js") as typeof emptyTypes;

export const Empty = empties.Empty;
export type Struct = structTypes.Struct;

export function toStruct(value: Props): Struct {
  return structs.Struct.fromJavaScript(value as Parameters<typeof structTypes.Struct.fromJavaScript>[0]);
}

export function fromStruct(value: Struct | undefined): Props {
  return value === undefined ? {} : value.toJavaScript();
}

/** States can be large; this is Pulumi's own limit of a message. */
export const messageLimits = {
  "grpc.max_receive_message_length": 400 << 20,
  "grpc.max_send_message_length": 400 << 20,
};

/** A unary handler from an async function; an error's message goes to the caller. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response> | Response,
  code: (error: unknown) => grpc.status,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback({ code: code(error), message: error instanceof Error ? error.message : String(error) });
        },
      );
  };
}
