import type { ConnectApi, ConnectorList, State } from "../../../components/connect/programs/connect-api.ts";
import { ApiRefusal } from "../../../platform/api-refusal.ts";

type Task = State & { readonly id: number };

/** Connect in memory. */
export class FakeConnect implements ConnectApi {
  readonly there: Record<string, { config: Record<string, string>; states: Task[]; state?: State; type?: string }> = {};
  readonly refusals: Record<string, string> = {};
  readonly calls: string[] = [];
  readonly places: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
  isAway = false;

  list(): Promise<ConnectorList> {
    if (this.isAway) return Promise.reject(new TypeError("fetch failed"));
    const entries = Object.entries(this.there).map(([name, { config, states, state, type = "sink" }]) => [
      name,
      { info: { config }, status: { connector: state ?? { state: "RUNNING", worker_id: "w" }, tasks: states, type } },
    ]);
    return Promise.resolve(Object.fromEntries(entries) as ConnectorList);
  }

  put(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    this.calls.push(`put ${name}`);
    const words = this.refusals[name];
    if (words !== undefined) return Promise.reject(new ApiRefusal(400, words));
    this.there[name] = { ...this.there[name], config: { ...config }, states: [running(0)] };
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.calls.push(`remove ${name}`);
    Reflect.deleteProperty(this.there, name);
    return Promise.resolve();
  }

  restart(name: string): Promise<void> {
    this.calls.push(`restart ${name}`);
    return Promise.resolve();
  }

  stop(name: string): Promise<void> {
    this.calls.push(`stop ${name}`);
    return Promise.resolve();
  }

  forget(name: string): Promise<void> {
    this.calls.push(`forget ${name}`);
    return Promise.resolve();
  }

  offsets(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return Promise.resolve(this.places[name] ?? []);
  }
}

export function running(id: number): Task {
  return { id, state: "RUNNING", worker_id: "w" };
}

export function failed(id: number, trace: string): Task {
  return { id, state: "FAILED", worker_id: "w", trace };
}
