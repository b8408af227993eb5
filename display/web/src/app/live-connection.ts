/** The connection of a live page to its stream: it comes back by itself, and says what is wrong meanwhile. */
import { signal, type Signal } from "@angular/core";
import { io, type Socket } from "socket.io-client";
import { livePath, type LiveState, type PageEvents, type ServerEvents, type Stream } from "../../../protocol.ts";
import { LiveStore } from "../logic/live.ts";

export interface LiveConnection {
  /** Filled as batches arrive, whether somebody looks or not; it bounds itself. */
  readonly store: LiveStore;
  readonly isConnected: Signal<boolean>;
  /** Since when there is no connection, ms since 1970; `null` while there is one, and before the first try has failed. */
  readonly lostSince: Signal<number | null>;
  readonly state: Signal<LiveState | null>;
  /** When the last batch with records came, ms since 1970. */
  readonly lastBatchAt: Signal<number | null>;
  /** What is wrong with the series that is watched. */
  readonly watchProblem: Signal<string | null>;
  /** `null`: all series that are not marked. */
  readonly watch: (series: string | null) => void;
  readonly close: () => void;
}

/** Wait before another try after the server has refused one, in ms; lost connections are the client's own matter. */
const REFUSED_RETRY_MS = 3_000;

export function connectLive(stream: Stream): LiveConnection {
  const store = new LiveStore();
  const isConnected = signal(false);
  const lostSince = signal<number | null>(null);
  const state = signal<LiveState | null>(null);
  const lastBatchAt = signal<number | null>(null);
  const watchProblem = signal<string | null>(null);
  let watched: string | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;

  // Websockets only: one connection stays at one of the display's pods.
  const socket: Socket<ServerEvents, PageEvents> = io(`/${stream}`, {
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
  const tellWatched = (): void => {
    socket.emit("watch", watched, (problem) => {
      watchProblem.set(problem);
    });
  };
  socket.on("connect", () => {
    isConnected.set(true);
    lostSince.set(null);
    // A new connection gets all that is not marked by itself.
    if (watched !== null) tellWatched();
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", lost);
  socket.on("state", (news) => {
    state.set(news);
  });
  socket.on("history", (batch) => {
    store.addHistory(batch, Date.now());
    if (batch.series.length > 0) lastBatchAt.set(batch.at);
  });
  socket.on("batch", (batch) => {
    store.add(batch, Date.now());
    if (batch.series.length > 0) lastBatchAt.set(batch.at);
  });
  return {
    store,
    isConnected,
    lostSince,
    state,
    lastBatchAt,
    watchProblem,
    watch: (series) => {
      if (series === watched) return;
      watched = series;
      watchProblem.set(null);
      if (socket.connected) tellWatched();
    },
    close: () => {
      clearTimeout(retry);
      socket.disconnect();
    },
  };
}
