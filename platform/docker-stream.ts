/** What a Docker engine says while it builds, pulls or pushes. */

/** A line of it; the failure stands in one of the last. */
export interface EngineLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
}

/** The part of Docker's client that reads these lines. */
interface Modem {
  followProgress(
    stream: NodeJS.ReadableStream,
    finished: (error: Error | null, lines?: readonly EngineLine[]) => void,
    progress?: (line: EngineLine) => void,
  ): void;
}

/** Reads to the end. @throws Error with what the engine says of a failure */
export async function followEngine(
  docker: { readonly modem: unknown },
  stream: NodeJS.ReadableStream,
  onLine?: (line: EngineLine) => void,
): Promise<void> {
  const modem = docker.modem as Modem;
  await new Promise<void>((resolve, reject) => {
    const finished = (error: Error | null, lines?: readonly EngineLine[]): void => {
      const failed = lines?.find((line) => line.error !== undefined)?.error;
      if (error === null && failed === undefined) resolve();
      else reject(error ?? new Error(failed));
    };
    modem.followProgress(stream, finished, onLine);
  });
}
