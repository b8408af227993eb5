/** The docker provider. */
import type { Provider } from "../provider.ts";
import type { Props } from "../values.ts";

export function dockerProvider(_settings: Props, _projectDir: string): Provider {
  throw new Error("not yet");
}
