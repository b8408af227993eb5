/**
 * A car as physics: an engine and an electric motor drive it, air, tyres and brakes slow it, and a driver who sees the
 * corners ahead steers it. A step is a pure function of the state before.
 */
import { besideOf, placeAt, type Track } from "./track.ts";

/** Longest step, in seconds: the equations are solved by Euler's method. */
export const longestStep = 0.01;

/** Of the tyres: front left, front right, rear left, rear right. */
export type Wheels = readonly [fl: number, fr: number, rl: number, rr: number];

/** What tells one driver from another. */
export interface Driver {
  /** Share of what the tyres can hold that the driver uses. */
  readonly courage: number;
  /** Metres from one side of the line to the other, on a lap. */
  readonly weave: number;
  /** Where on that way the lap begins, in radians. */
  readonly phase: number;
}

export interface CarState {
  /** From the finish line, in metres, and less than a lap. */
  readonly position: number;
  /** Since the start, in metres. */
  readonly distance: number;
  /** In m/s. */
  readonly speed: number;
  /** 0 to 1. */
  readonly throttle: number;
  /** 0 to 1. */
  readonly brake: number;
  /** -1 (left) to 1. */
  readonly steering: number;
  /** 1 to 8. */
  readonly gear: number;
  /** 0 to 1. */
  readonly battery: number;
  /** °C */
  readonly engineTemp: number;
  /** °C */
  readonly tyreTemp: Wheels;
  /** 0 is new, 1 is gone. */
  readonly tyreWear: Wheels;
  /** The first is 1. */
  readonly lap: number;
  /** Seconds. */
  readonly lapTime: number;
  /** Seconds; `null` in the first lap. */
  readonly lastLapTime: number | null;
  /** Seconds that the car still stands for new tyres. */
  readonly standing: number;
}

const GRAVITY = 9.81;
const MASS = 760;
const AIR = { temperature: 24, density: 1.2 };
/** Drag times area, and lift downwards times area, in m². */
const DRAG_AREA = 1.1;
const DOWNFORCE_AREA = 2.6;
const ROLLING = 0.014;
/** Friction of new, warm tyres. */
const FRICTION = 1.55;
const ENGINE_WATTS = 330_000;
const MOTOR_WATTS = 120_000;
const BATTERY_JOULES = 14_000_000;
const RECOVERED_WATTS = 120_000;
/** Brakes alone; the tyres may hold less. */
const BRAKE_NEWTONS = 26_000;
/** Circumference of a wheel, in metres. */
const WHEEL = 2.05;
/** Turns of the engine for one of the wheel. */
const RATIOS = [13.2, 10.1, 8.1, 6.7, 5.7, 4.9, 4.3, 3.9] as const;
const IDLE_RPM = 3800;
const SHIFT_UP_RPM = 11_200;
const SHIFT_DOWN_RPM = 7600;
const MAX_RPM = 12_500;
const WHEELBASE = 3.4;
const FULL_LOCK = 0.32;
/** Wear from which the driver comes in for new tyres, and how long the car then stands. */
const WORN = 0.6;
const STOP_SECONDS = 3;
/** How far a driver looks ahead, and from one look to the next, in metres. */
const SIGHT = 180;
const GLANCE = 10;
/** Share of the friction that a driver counts on when braking for a corner ahead. */
const BRAKING_SHARE = 0.75;
/** Above, the line is a straight. */
const STRAIGHT = 1e-4;
const NEW_TYRES: Wheels = [0, 0, 0, 0];
const BLANKETS: Wheels = [75, 75, 75, 75];

/** A car on the grid. @param position From the finish line, in metres. */
export function carAt(position: number): CarState {
  return {
    position,
    distance: 0,
    speed: 0,
    throttle: 0,
    brake: 0,
    steering: 0,
    gear: 1,
    battery: 0.9,
    engineTemp: 82,
    tyreTemp: BLANKETS,
    tyreWear: NEW_TYRES,
    lap: 1,
    lapTime: 0,
    lastLapTime: null,
    standing: 0,
  };
}

/** Revolutions of the engine in a minute. */
export function rpmOf({ speed, gear }: Pick<CarState, "speed" | "gear">): number {
  const turns = (speed / WHEEL) * (RATIOS[gear - 1] ?? RATIOS[0]) * 60;
  return Math.min(MAX_RPM, Math.max(IDLE_RPM, Math.round(turns)));
}

/** Where the car is: drivers weave about the line. */
export function pointOf(track: Track, driver: Driver, { position }: Pick<CarState, "position">) {
  const angle = (position / track.length) * 2 * Math.PI * 3 + driver.phase;
  return besideOf(placeAt(track, position), driver.weave * Math.sin(angle));
}

/** The state after `dt` seconds. @throws RangeError when the step is too long to be right */
export function step(track: Track, driver: Driver, before: CarState, dt: number): CarState {
  if (!(dt > 0 && dt <= longestStep)) throw new RangeError(`a step of ${dt} s; give up to ${longestStep}`);
  if (before.standing > 0) return stand(before, dt);
  const place = placeAt(track, before.position);
  const grip = gripOf(before);
  const { throttle, brake } = pedals(track, driver, before, grip, dt);
  const { speed } = before;
  const load = loadOf(speed);
  const motor = throttle > 0.8 && before.battery > 0.02 ? MOTOR_WATTS * Math.min(1, (throttle - 0.8) / 0.2) : 0;
  const drive = Math.min((throttle * ENGINE_WATTS + motor) / Math.max(speed, 8), grip * load * 0.62);
  const braking = Math.min(brake * BRAKE_NEWTONS, grip * load);
  const drag = 0.5 * AIR.density * DRAG_AREA * speed ** 2 + (speed > 0 ? ROLLING * load : 0);
  const nextSpeed = Math.max(0, speed + ((drive - braking - drag) / MASS) * dt);
  const driven = ((speed + nextSpeed) / 2) * dt;
  const recovered = brake > 0 ? Math.min(RECOVERED_WATTS, braking * speed) : throttle > 0.3 && motor === 0 ? 12_000 : 0;
  const lateral = speed ** 2 * place.curvature;
  const longitudinal = (drive - braking) / MASS;
  const moved = {
    ...before,
    distance: before.distance + driven,
    speed: nextSpeed,
    throttle,
    brake,
    steering: steeringOf(place.curvature, driver),
    gear: gearOf(before.gear, nextSpeed),
    battery: clamp(before.battery + ((recovered - motor) * dt) / BATTERY_JOULES),
    engineTemp: engineTempOf(before.engineTemp, throttle, speed, dt),
    ...tyresOf(before, { lateral, longitudinal, speed }, dt),
    lapTime: before.lapTime + dt,
  };
  return nextSpeed < 0.5 && isComingIn(before) && throttle === 0 ? stop(moved) : arrived(track, moved, driven);
}

/** Counts a lap where the line was crossed, at the part of the step at which it was. */
function arrived(track: Track, moved: CarState, driven: number): CarState {
  const position = moved.position + driven;
  if (position < track.length) return { ...moved, position };
  const late = moved.speed > 0 ? Math.min((position - track.length) / moved.speed, longestStep) : 0;
  return {
    ...moved,
    position: position - track.length,
    lap: moved.lap + 1,
    lapTime: late,
    lastLapTime: moved.lapTime - late,
  };
}

function isComingIn({ tyreWear }: CarState): boolean {
  return Math.max(...tyreWear) > WORN;
}

function stop(moved: CarState): CarState {
  return { ...moved, speed: 0, throttle: 0, brake: 1, gear: 1, standing: STOP_SECONDS };
}

function stand(before: CarState, dt: number): CarState {
  const standing = Math.max(0, before.standing - dt);
  const fresh = standing === 0 ? { tyreTemp: BLANKETS, tyreWear: NEW_TYRES, brake: 0 } : {};
  const engineTemp = engineTempOf(before.engineTemp, 0, 0, dt);
  return { ...before, standing, engineTemp, lapTime: before.lapTime + dt, ...fresh };
}

/** Friction of the tyres as they are: cold, hot and worn ones hold less. */
function gripOf({ tyreTemp, tyreWear }: CarState): number {
  const mean = (wheels: Wheels): number => wheels.reduce((sum, one) => sum + one, 0) / wheels.length;
  return FRICTION * (1 - 0.18 * mean(tyreWear)) * (1 - Math.min(0.2, Math.abs(mean(tyreTemp) - 95) / 400));
}

/** Force on the road, in newtons. */
function loadOf(speed: number): number {
  return MASS * GRAVITY + 0.5 * AIR.density * DOWNFORCE_AREA * speed ** 2;
}

/** Speed at which the tyres just hold in a bend: the wings press harder the faster the car is. */
function bendSpeed(grip: number, curvature: number): number {
  const bend = Math.abs(curvature);
  if (bend < STRAIGHT) return Infinity;
  const held = bend - (grip * 0.5 * AIR.density * DOWNFORCE_AREA) / MASS;
  return held <= 0 ? Infinity : Math.sqrt((grip * GRAVITY) / held);
}

/** Fastest speed now from which all corners in sight can be taken, and a stop for tyres be made at the line. */
function wantedSpeed(track: Track, driver: Driver, car: CarState, grip: number): number {
  const used = grip * driver.courage;
  const deceleration = used * GRAVITY * BRAKING_SHARE;
  let wanted = Infinity;
  const { places, length } = track;
  const here = Math.floor((car.position / length) * places.length);
  for (let ahead = 0; ahead <= SIGHT; ahead += GLANCE) {
    const place = places[(here + Math.round((ahead / length) * places.length)) % places.length];
    const bend = bendSpeed(used, place?.curvature ?? 0);
    wanted = Math.min(wanted, Math.sqrt(bend ** 2 + 2 * deceleration * ahead));
  }
  if (!isComingIn(car)) return wanted;
  // It stands before the line, which then is the end of a slow lap.
  const left = Math.max(0, track.length - 4 - car.position);
  return Math.min(wanted, Math.sqrt(2 * deceleration * 0.6 * left));
}

function pedals(track: Track, driver: Driver, car: CarState, grip: number, dt: number) {
  const miss = wantedSpeed(track, driver, car, grip) - car.speed;
  // A foot needs a quarter of a second from one end of a pedal to the other.
  const towards = (now: number, wish: number): number => now + Math.max(-4 * dt, Math.min(4 * dt, wish - now));
  const throttle = miss > 0 ? clamp(miss / 4) : 0;
  const brake = miss < 0 ? clamp(-miss / 3) : 0;
  return {
    throttle: brake > 0 ? 0 : clamp(towards(car.throttle, throttle)),
    brake: throttle > 0 ? 0 : clamp(towards(car.brake, brake)),
  };
}

function steeringOf(curvature: number, { courage }: Driver): number {
  // Above 0 the track bends to the left, which is below 0 on the wheel.
  const wheel = -Math.atan(WHEELBASE * curvature) / FULL_LOCK / courage;
  return Math.max(-1, Math.min(1, wheel)) + 0;
}

function gearOf(gear: number, speed: number): number {
  const turns = (speed / WHEEL) * (RATIOS[gear - 1] ?? RATIOS[0]) * 60;
  if (turns > SHIFT_UP_RPM) return Math.min(RATIOS.length, gear + 1);
  return turns < SHIFT_DOWN_RPM ? Math.max(1, gear - 1) : gear;
}

function engineTempOf(before: number, throttle: number, speed: number, dt: number): number {
  const heating = 0.5 + 4.5 * throttle;
  const cooling = (0.012 + 0.0007 * speed) * (before - AIR.temperature);
  return before + (heating - cooling) * dt;
}

/** Heat and wear of each tyre by the work that it does: the outer ones in a bend, the rear ones with the throttle. */
function tyresOf(
  { tyreTemp, tyreWear }: CarState,
  forces: { readonly lateral: number; readonly longitudinal: number; readonly speed: number },
  dt: number,
): Pick<CarState, "tyreTemp" | "tyreWear"> {
  const { lateral, longitudinal, speed } = forces;
  const side = clamp(0.5 + lateral / (7 * GRAVITY));
  const front = clamp(0.5 - longitudinal / (5 * GRAVITY));
  const work = Math.hypot(lateral, longitudinal) * speed;
  // A bend to the left leans on the right tyres.
  const shares: Wheels = [(1 - side) * front, side * front, (1 - side) * (1 - front), side * (1 - front)];
  const map = (change: (index: number) => number): Wheels => [change(0), change(1), change(2), change(3)];
  return {
    tyreTemp: map((wheel) => {
      const now = tyreTemp[wheel] ?? 0;
      const heating = (shares[wheel] ?? 0) * work * 0.021;
      return now + (heating - (0.03 + 0.0011 * speed) * (now - AIR.temperature)) * dt;
    }),
    tyreWear: map((wheel) => {
      const hot = 1 + Math.max(0, (tyreTemp[wheel] ?? 0) - 105) / 40;
      return clamp((tyreWear[wheel] ?? 0) + (shares[wheel] ?? 0) * work * hot * 2.6e-6 * dt);
    }),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
