/** How a room's service is asked by programs that ask all of them, each for its own purpose. Loads nothing of Pulumi. */
import { z } from "zod";
import { secretVariable, type Told } from "./hops/define-hops.ts";

/** A room's part of such a program. */
export interface RoomAsk<
  Ask,
  Room extends string = string,
  S extends z.ZodType = z.ZodType,
  Secret extends string = string,
  Own = Told<S, Secret>,
> {
  /** Name of its service. */
  readonly room: Room;
  /** What must be known of it; nothing secret. */
  readonly settings: S;
  /** Each comes in an environment variable of its own. @default - none */
  readonly secrets?: readonly Secret[];
  /** @returns what asks it, again and again. It throws an Error when it does not answer. */
  make(own: Own): Ask;
}

/** The part of any room, as those see it who loop over all. */
export type AnyRoomAsk<Ask> = RoomAsk<Ask, string, z.ZodType, string, object>;

/** What rooms have told, by their names: JSON in an environment variable. */
export const toldSchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.record(z.string(), z.unknown()));

/** What asks the rooms that have told something of themselves. */
export function asksOf<Ask>(
  rooms: readonly AnyRoomAsk<Ask>[],
  told: z.output<typeof toldSchema>,
): { readonly service: string; readonly ask: Ask }[] {
  return rooms.flatMap((one) => {
    const { room, settings, secrets = [] } = one;
    if (told[room] === undefined) return [];
    const own = settings.parse(told[room]) as object;
    const secret = Object.fromEntries(secrets.map((name) => [name, process.env[secretVariable(room, name)] ?? ""]));
    return [{ service: room, ask: one.make({ ...own, ...secret }) }];
  });
}
