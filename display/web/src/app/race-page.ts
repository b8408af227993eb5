/** The race: cars on the track, gauges of one of them, the table of laps, and its windows by each engine. */
import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, input } from "@angular/core";
import {
  type CarNow,
  type Engine,
  engines,
  type RaceWindow,
  type RaceWindowsAnswer,
  type TrackAnswer,
} from "../../../protocol.ts";
import { formatCount, formatFigure, formatInstant, formatTime } from "../logic/format.ts";
import type { PageInfo } from "../logic/pages.ts";
import { formatLap, kilometresPerHour, toneOf, windowRows } from "../logic/race.ts";
import { withChosen } from "../logic/url-state.ts";
import { choicesOf } from "./choices.ts";
import { Chooser } from "./chooser.ts";
import { frames } from "./frames.ts";
import { PageHead } from "./page-head.ts";
import { polledFigures } from "./polled-figures.ts";
import { Problem } from "./problem.ts";
import { connectRace } from "./race-connection.ts";
import { RaceMap } from "./race-map.ts";

/** A first connection may take this long before the page says that there is none, in ms. */
const PATIENCE_MS = 2_000;
const WINDOWS_MS = 2_000;
const TRACK_MS = 60_000;
const WHEELS = ["front left", "front right", "rear left", "rear right"] as const;
const engineNames: Readonly<Record<Engine, string>> = { flink: "Flink", spark: "Spark" };

/** A bar from 0 to 1 with its value in words. */
interface Gauge {
  readonly name: string;
  readonly share: number;
  readonly words: string;
}

@Component({
  selector: "mr-race-page",
  imports: [Chooser, PageHead, Problem, RaceMap],
  templateUrl: "./race-page.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "[attr.data-state]": "state()" },
})
export class RacePage {
  readonly page = input.required<PageInfo & { readonly kind: "race" }>();
  protected readonly choices = choicesOf("car");
  private readonly frames = frames();
  private readonly connection = connectRace();
  private readonly track = polledFigures<TrackAnswer>(
    computed(() => ({ url: "/api/race/track", intervalMs: TRACK_MS })),
  );
  protected readonly trackAnswer = computed(() => this.track().answer);
  protected readonly cars = computed(() => this.connection.store.cars(this.frames.now()));
  /** The cars once a second, for what is read and not seen moving. */
  protected readonly calmCars = computed(() => this.connection.store.cars(this.frames.second()));
  protected readonly chosen = computed(() => this.choices.current().car ?? this.firstName());
  private readonly firstName = computed(() => {
    const names = this.calmCars().map(({ car }) => car);
    return names.sort()[0] ?? null;
  });
  protected readonly carChoices = computed(() => {
    const names = this.calmCars().map(({ car }) => car);
    return withChosen(names.sort(), this.chosen()).map((car) => ({ value: car, words: car }));
  });
  protected readonly car = computed(() => this.cars().find(({ car }) => car === this.chosen()) ?? null);
  protected readonly gauges = computed((): readonly Gauge[] => {
    const car = this.car();
    return car === null ? [] : gaugesOf(car);
  });
  protected readonly tyres = computed(() => {
    const car = this.car();
    if (car === null) return [];
    return WHEELS.map((name, index) => ({
      name,
      temperature: Math.round(car.tyreTemp[index] ?? 0),
      wear: car.tyreWear[index] ?? 0,
      wearWords: percent(car.tyreWear[index] ?? 0),
    }));
  });
  protected readonly rows = computed(() => {
    const cars = this.calmCars();
    return cars.map((car, index) => ({ ...car, place: index + 1, tone: toneOf(car.car, cars) }));
  });
  protected readonly summary = computed(() => {
    const cars = this.calmCars();
    const names = cars.map(({ car, lap }) => `${car} in lap ${lap}`).join(", ");
    return `Map of the track with ${cars.length} cars${names === "" ? "" : `: ${names}`}`;
  });

  protected readonly polled = polledFigures<RaceWindowsAnswer>(
    computed(() => ({
      url: `/api/race/windows?${new URLSearchParams({ car: this.chosen() ?? "-" }).toString()}`,
      intervalMs: WINDOWS_MS,
    })),
  );
  protected readonly windows = computed(() => {
    const answer = this.polled().answer;
    return answer === null ? null : windowRows(answer.windows).slice(0, 30);
  });
  protected readonly engines = engines;
  protected readonly engineNames = engineNames;

  protected readonly updatedAt = computed(() => this.connection.lastBatchAt());
  protected readonly updatedIso = computed(() => {
    const at = this.updatedAt();
    return at === null ? null : new Date(at).toISOString();
  });
  protected readonly behind = computed(() => {
    this.frames.second();
    return this.connection.store.behind;
  });
  protected readonly unreadable = computed(() => {
    this.frames.second();
    return this.connection.store.unreadable;
  });
  /** What is wrong, for people; `null` while all is well. */
  protected readonly problem = computed((): string | null => {
    const { lostSince, state } = this.connection;
    const since = lostSince();
    if (since !== null && (this.updatedAt() !== null || this.frames.second() - since > PATIENCE_MS)) {
      return `No connection to the display's server since ${formatTime(since)} UTC; reconnecting by itself.`;
    }
    const news = state();
    if (news === null || news.kafka === "connected") return null;
    return news.problem ?? "Kafka can't be reached; the server tries again by itself.";
  });
  protected readonly state = computed((): "loading" | "ready" | "empty" | "error" => {
    if (this.problem() !== null) return "error";
    if (this.trackAnswer() === null || this.connection.state() === null) return "loading";
    return this.cars().length > 0 ? "ready" : "empty";
  });
  protected readonly connectionWords = computed(() => {
    if (!this.connection.isConnected()) return "reconnecting";
    return this.connection.state()?.kafka === "unreachable" ? "connected, Kafka unreachable" : "connected";
  });

  protected readonly formatCount = formatCount;
  protected readonly formatFigure = formatFigure;
  protected readonly formatInstant = formatInstant;
  protected readonly formatLap = formatLap;
  protected readonly formatTime = formatTime;
  protected readonly kilometresPerHour = kilometresPerHour;

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.connection.close();
    });
  }

  /** Figures of a window in the order of the table's columns. */
  protected figuresOf(window: RaceWindow | null): readonly string[] {
    if (window === null) return ["–", "–", "–", "–", "–", "–"];
    const speed = (value: number | null): string => (value === null ? "–" : formatFigure(value * 3.6));
    return [
      formatCount(window.count),
      speed(window.speedMean),
      speed(window.speedMax),
      window.batteryMin === null ? "–" : percent(window.batteryMin),
      formatFigure(window.engineTempMax),
      formatFigure(window.tyreTempMax),
    ];
  }
}

function gaugesOf(car: CarNow): Gauge[] {
  return [
    { name: "Throttle", share: car.throttle, words: percent(car.throttle) },
    { name: "Brake", share: car.brake, words: percent(car.brake) },
    { name: "Steering", share: (car.steering + 1) / 2, words: steeringWords(car.steering) },
    { name: "Engine", share: car.rpm / 12_500, words: `${formatCount(car.rpm)} rpm` },
    { name: "Battery", share: car.battery, words: percent(car.battery) },
    { name: "Engine temperature", share: car.engineTemp / 140, words: `${Math.round(car.engineTemp)} °C` },
  ].map((gauge) => ({ ...gauge, share: Math.min(1, Math.max(0, gauge.share)) }));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function steeringWords(steering: number): string {
  const size = Math.round(Math.abs(steering) * 100);
  return size === 0 ? "straight" : `${size} % ${steering < 0 ? "left" : "right"}`;
}
