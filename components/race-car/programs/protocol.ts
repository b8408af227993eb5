/** What the ingest and its clients say to each other. `docs/race-car.md` is the page of it. */

/** Path of the WebSocket. */
export const samplesPath = "/samples";
/** Characters of the token, which every UDP packet begins with. */
export const tokenLength = 32;

/** Text messages of the ingest to a client, each an object of JSON. */
export type Told =
  /** The first one. */
  | { readonly type: "welcome"; readonly version: number; readonly messagesPerSecond: number }
  /**
   * What has become of the client's first `settled` messages: they are in Kafka, are dead letters in Kafka, or were dropped.
   * What is not settled when the connection ends may be sent again, with the same ids.
   */
  | {
      readonly type: "settled";
      readonly settled: number;
      readonly stored: number;
      readonly refused: number;
      readonly dropped: number;
    }
  /** Why a message is a dead letter; a few a second are told, all are counted. */
  | { readonly type: "refused"; readonly message: number; readonly reason: string }
  /** That the client sends more than it may; once a second. */
  | { readonly type: "dropped"; readonly dropped: number; readonly reason: string };
