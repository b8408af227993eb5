/** A good sample, for specs. */
import type { Sample } from "../../../../components/race-car/programs/sample.ts";

export const NOW = Date.UTC(2026, 10, 28, 10);

export const good: Sample = {
  v: 1,
  id: "car-01-00008f3a-000123",
  car: "car-01",
  seq: 123,
  ts: "2026-11-28T10:00:00.020Z",
  run: null,
  lap: 3,
  sector: 1,
  distance: 1234.567,
  x: 12.3,
  y: -45.6,
  speed: 61.234,
  rpm: 9200,
  gear: 4,
  throttle: 0.8,
  brake: 0,
  steering: -0.12,
  battery: 0.873,
  engineTemp: 96.1,
  tyreTempFl: 88.1,
  tyreTempFr: 89.2,
  tyreTempRl: 90.3,
  tyreTempRr: 91.4,
  tyreWearFl: 0.012,
  tyreWearFr: 0.013,
  tyreWearRl: 0.014,
  tyreWearRr: 0.015,
  lapTime: 12.345,
  lastLapTime: 83.21,
};
