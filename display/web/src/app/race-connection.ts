/** The connection of the race's page: it comes back by itself. */
import { signal, type Signal } from "@angular/core";
import { io, type Socket } from "socket.io-client";
import { livePath, type LiveState, type RaceEvents, raceNamespace } from "../../../protocol.ts";
import { RaceStore } from "../logic/race.ts";

export interface RaceConnection {
  readonly store: RaceStore;
  readonly isConnected: Signal<boolean>;
  /** Since when there is no connection, ms since 1970; `null` while there is one, and before the first try has failed. */
  readonly lostSince: Signal<number | null>;
  readonly state: Signal<LiveState | null>;
  /** When the last batch with cars came, by the server's clock. */
  readonly lastBatchAt: Signal<number | null>;
  readonly close: () => void;
}

/** Wait before another try after the server has refused one, in ms; lost connections are the client's own matter. */
const REFUSED_RETRY_MS = 3_000;

export function connectRace(): RaceConnection {
  const store = new RaceStore();
  const isConnected = signal(false);
  const lostSince = signal<number | null>(null);
  const state = signal<LiveState | null>(null);
  const lastBatchAt = signal<number | null>(null);
  let retry: ReturnType<typeof setTimeout> | undefined;
  const socket: Socket<RaceEvents, Record<string, never>> = io(raceNamespace, {
    path: livePath,
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 3_000,
    timeout: 5_000,
    forceNew: true,
  });
  const lost = (): void => {
    isConnected.set(false);
    if (lostSince() === null) lostSince.set(Date.now());
    clearTimeout(retry);
    if (!socket.active) retry = setTimeout(() => socket.connect(), REFUSED_RETRY_MS);
  };
  socket.on("connect", () => {
    isConnected.set(true);
    lostSince.set(null);
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", lost);
  socket.on("state", (news) => {
    state.set(news);
  });
  socket.on("cars", (batch) => {
    store.add(batch, Date.now());
    if (batch.cars.length > 0) lastBatchAt.set(batch.at);
  });
  return {
    store,
    isConnected,
    lostSince,
    state,
    lastBatchAt,
    close: () => {
      clearTimeout(retry);
      socket.disconnect();
    },
  };
}
