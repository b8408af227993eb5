/** Inputs in one spelling: the official provider records them as Kubernetes' own types write them, and so drops and rewrites some. */

import { quantityOf } from "../../platform/quantity.ts";
import { hasUnknown, isObject, type Props, reveal, secret, textOf } from "../values.ts";
import { encoded } from "./kubernetes-ownership.ts";

/** Kinds of Kubernetes itself: those of others are taken as they are. */
const builtIn = /^(v1$|(apps|autoscaling|batch|policy)\/|[\w.-]+\.k8s\.io\/)/;
/** Fields whose values are amounts, and fields that are one. */
const amounts = new Set(["requests", "limits", "capacity", "hard", "allocatable"]);
const amount = new Set(["sizeLimit", "divisor"]);

/** Maps that mean the same when they are empty and when they are not there. An empty selector means something else. */
const maps = new Set(["nodeSelector", "matchLabels", "labels", "annotations", "requests", "limits"]);
/** Switches that are off where they are not named. */
const switches = new Set(
  "hostNetwork hostPID hostIPC paused publishNotReadyAddresses readOnly stdin stdinOnce tty".split(" "),
);

/** Fields whose values are texts of somebody's, whatever their names. */
const opaque = new Set(["data", "stringData", "annotations", "labels"]);

/** The inputs as the official provider's Check gives them back, for the record: a Secret's text in its encoded form. */
export function checked(inputs: Props): Props {
  const plain = reveal(inputs) as Props;
  if (plain["kind"] !== "Secret" || !isObject(plain["stringData"]) || hasUnknown(plain)) {
    return inputs;
  }
  const rest = Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== "stringData"));
  return { ...rest, data: secret(encoded(plain)["data"]) };
}

/** What two spellings of the same object have in common. For comparing only: it is neither sent nor recorded. */
export function canonical(inputs: Props): Props {
  const known = encoded(inputs);
  return builtIn.test(textOf(inputs["apiVersion"])) ? (spelled(known, "") as Props) : known;
}

function spelled(value: unknown, key: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => spelled(item, ""));
    return key === "env" ? items.map(withoutEmptyValue) : items;
  }
  if (opaque.has(key)) {
    return value;
  }
  if (!isObject(value)) {
    return amount.has(key) ? spelledAmount(value) : value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => !isNothing(name, item))
      .map(([name, item]) => [name, amounts.has(key) ? spelledAmount(item) : spelled(item, name)]),
  );
}

function isNothing(name: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return maps.has(name) && Object.keys(value).length === 0;
  return value === false && switches.has(name);
}

/** `1000m` as `1`, and `0.01` as `10m` are. */
function spelledAmount(value: unknown): unknown {
  const number = typeof value === "string" || typeof value === "number" ? quantityOf(String(value)) : undefined;
  return number === undefined ? value : number.toPrecision(12);
}

/** A variable without a value is empty. */
function withoutEmptyValue(variable: unknown): unknown {
  if (!isObject(variable) || variable["value"] !== "") {
    return variable;
  }
  return Object.fromEntries(Object.entries(variable).filter(([key]) => key !== "value"));
}
