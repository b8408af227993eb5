/** All measurements, in the order of the help. */
import type { Bench } from "./bench.ts";
import { display } from "./display.ts";
import { engine } from "./engine.ts";
import { engines } from "./engines.ts";
import { kafka } from "./kafka.ts";
import { kill } from "./kill.ts";
import { lake } from "./lake.ts";
import { network } from "./network.ts";
import { ramp } from "./ramp.ts";
import { rest } from "./rest.ts";
import { start } from "./start.ts";

export const benches: readonly Bench[] = [lake, display, rest, start, ramp, engine, kafka, kill, engines, network];
