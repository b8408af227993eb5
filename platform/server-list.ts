/** Servers of somebody else's, as a stack's file names them: `host:port,host:port`. */
import * as z from "zod";

/** @param what the servers are: "brokers" */
export function serverList(what: string) {
  const form = `${what} as "host:port,host:port"`;
  return z
    .string()
    .regex(/^[^\s,:]+:[0-9]{1,5}(,[^\s,:]+:[0-9]{1,5})*$/)
    .meta({ "x-range": form })
    .describe(`${what[0]?.toUpperCase() ?? ""}${what.slice(1)} as \`host:port,host:port\`.`);
}

/** A sentence for each port that is none. @param at the setting: `millrace:services.kafka.existing.bootstrapServers` */
export function portProblems(at: string, servers: string): string[] {
  return servers.split(",").flatMap((server) => {
    const port = Number(server.split(":")[1]);
    return port >= 1 && port <= 65_535 ? [] : [`${at}: received "${server}"; give a port from 1 to 65535`];
  });
}
