/** Whether the Docker engine makes what the nodes can run: it builds for its own architecture. */
import Docker from "dockerode";

/** Names of the kernel for what Docker's platforms call otherwise. */
const names: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/**
 * @param platform Of the nodes, as Docker names it: `linux/amd64`.
 * @param ask What the engine says of itself. @default - this machine's engine is asked
 * @returns what is wrong, with the way out; `undefined`: nothing, or the engine doesn't say
 */
export async function architectureMismatch(
  platform: string,
  ask: () => Promise<{ readonly Architecture?: string }> = async () =>
    (await new Docker().info()) as { readonly Architecture?: string },
): Promise<string | undefined> {
  const { Architecture = "" } = await ask().catch(() => ({ Architecture: "" }));
  const own = names[Architecture] ?? Architecture;
  if (own === "" || platform.endsWith(`/${own}`)) return undefined;
  return (
    `the Docker engine builds for ${own}, and the nodes are ${platform}; use an engine of that architecture ` +
    "(docker context use, or DOCKER_HOST)"
  );
}
