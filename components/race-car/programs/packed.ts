/** The packed form of a sample: little-endian, always as many bytes, for clients that would rather not write JSON. */
import { type BadSample, type Sample, sampleOf, sampleVersion } from "./sample.ts";
import { sampleId } from "./race.ts";

/** First two bytes of a packed sample: `RC`. */
const MAGIC = "RC";
const CAR_BYTES = 16;
/** Latest time that a date can hold, in ms since 1970. */
const LATEST_MS = 8.64e15;

type Form = "ascii" | "u8" | "i8" | "u16" | "u32" | "i64" | "f32" | "f64";

/** One value of the packed form. */
export interface Slot {
  readonly name: string;
  readonly form: Form;
  readonly offset: number;
  readonly bytes: number;
  /** What is not the sample's field of the same name. */
  readonly meaning?: string;
}

const widths: Readonly<Record<Exclude<Form, "ascii">, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  u32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
};

const forms: readonly (readonly [name: string, form: Form, bytes?: number, meaning?: string])[] = [
  ["magic", "ascii", MAGIC.length, `\`${MAGIC}\``],
  ["v", "u8", 1, "version"],
  ["sector", "u8"],
  ["car", "ascii", CAR_BYTES, "padded with zeros"],
  ["session", "u32", 4, "another number for each session; part of the id"],
  ["seq", "u32"],
  ["ts", "i64", 8, "milliseconds since 1970, UTC"],
  ["distance", "f64"],
  ["x", "f32"],
  ["y", "f32"],
  ["speed", "f32"],
  ["rpm", "u16"],
  ["lap", "u16"],
  ["gear", "i8"],
  ["reserved", "ascii", 3, "zeros"],
  ...(["throttle", "brake", "steering", "battery", "engineTemp"] as const).map((name) => [name, "f32"] as const),
  ...(["tyreTempFl", "tyreTempFr", "tyreTempRl", "tyreTempRr"] as const).map((name) => [name, "f32"] as const),
  ...(["tyreWearFl", "tyreWearFr", "tyreWearRl", "tyreWearRr"] as const).map((name) => [name, "f32"] as const),
  ["lapTime", "f32"],
  ["lastLapTime", "f32", 4, "not a number: none"],
];

/** Where each value is. */
export const packedSlots: readonly Slot[] = slotsOf();

/** Bytes of a packed sample. */
export const packedBytes = packedSlots.reduce((sum, { bytes }) => sum + bytes, 0);

function slotsOf(): Slot[] {
  let offset = 0;
  return forms.map(([name, form, given, meaning]) => {
    const bytes = form === "ascii" ? (given ?? 0) : widths[form];
    offset += bytes;
    return { name, form, offset: offset - bytes, bytes, ...(meaning !== undefined && { meaning }) };
  });
}

/** Whether bytes begin as a packed sample does, and no JSON. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC.charCodeAt(0) && bytes[1] === MAGIC.charCodeAt(1);
}

/** @param now As of `readSample`. */
export function unpackSample(bytes: Uint8Array, now: number): Sample | BadSample {
  const refused = (reason: string): BadSample => ({ reason, run: null });
  if (bytes.length !== packedBytes) return refused(`packed sample of ${bytes.length} bytes, right are ${packedBytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Object.fromEntries(packedSlots.map((slot) => [slot.name, read(view, slot)]));
  const { magic, session, lastLapTime, ...rest } = values;
  if (magic !== MAGIC) return refused(`no packed sample: it does not begin with ${MAGIC}`);
  const { v, car, seq, ts } = rest as { v: number; car: string; seq: number; ts: number };
  if (v !== sampleVersion) return refused(`unknown version: ${v}, known ${sampleVersion}`);
  if (Math.abs(ts) > LATEST_MS) return refused(`time out of range: ${ts}`);
  const id = sampleId(car, session as number, seq);
  const isNone = typeof lastLapTime === "number" && Number.isNaN(lastLapTime);
  return sampleOf({ ...rest, id, ts: new Date(ts).toISOString(), lastLapTime: isNone ? null : lastLapTime }, now);
}

/** @param session Number of the client's session, of which each begins with another. */
export function packSample(sample: Sample, session: number): Uint8Array {
  const bytes = new Uint8Array(packedBytes);
  const view = new DataView(bytes.buffer);
  const values: Readonly<Record<string, string | number | null>> = {
    ...sample,
    magic: MAGIC,
    reserved: "",
    session,
    ts: Date.parse(sample.ts),
    lastLapTime: sample.lastLapTime ?? Number.NaN,
  };
  for (const slot of packedSlots) write(view, slot, values[slot.name] ?? 0);
  return bytes;
}

function read(view: DataView, { form, offset, bytes }: Slot): string | number {
  switch (form) {
    case "ascii": {
      const text = Buffer.from(view.buffer, view.byteOffset + offset, bytes).toString("latin1");
      return text.replace(/\0+$/, "");
    }
    case "u8":
      return view.getUint8(offset);
    case "i8":
      return view.getInt8(offset);
    case "u16":
      return view.getUint16(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "i64":
      return Number(view.getBigInt64(offset, true));
    case "f32":
      return view.getFloat32(offset, true);
    case "f64":
      return view.getFloat64(offset, true);
  }
}

function write(view: DataView, { form, offset, bytes }: Slot, value: string | number): void {
  const number = Number(value);
  switch (form) {
    case "ascii":
      Buffer.from(view.buffer, offset, bytes).write(String(value), "latin1");
      return;
    case "u8":
      view.setUint8(offset, number);
      return;
    case "i8":
      view.setInt8(offset, number);
      return;
    case "u16":
      view.setUint16(offset, number, true);
      return;
    case "u32":
      view.setUint32(offset, number, true);
      return;
    case "i64":
      view.setBigInt64(offset, BigInt(number), true);
      return;
    case "f32":
      view.setFloat32(offset, number, true);
      return;
    case "f64":
      view.setFloat64(offset, number, true);
  }
}
