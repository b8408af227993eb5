/** Named sets of services. A profile only says which services are part of the platform where the stack does not. */

/** The profiles that a stack can name; the first is the default. */
export const profiles = ["core", "studio", "pipeline", "full"] as const;
export type Profile = (typeof profiles)[number];

/** Services on top of the data path, by the smallest profile that brings them. */
export const serviceGroups = {
  /** What people work with. */
  studio: ["airflow", "jupyterhub", "sparkConnect", "sparkHistory"],
  /** From a number's making to a moving chart in a browser. */
  pipeline: ["cassandra", "randomNumbers", "census", "windows", "display"],
} as const;
export type ServiceGroup = keyof typeof serviceGroups;
export type OptionalService = (typeof serviceGroups)[ServiceGroup][number];

const groupsOf: Readonly<Record<Profile, readonly ServiceGroup[]>> = {
  core: [],
  studio: ["studio"],
  pipeline: ["pipeline"],
  full: ["studio", "pipeline"],
};

/** Services that a profile brings on top of the data path. */
export function servicesOf(profile: Profile): readonly OptionalService[] {
  return groupsOf[profile].flatMap((group) => [...serviceGroups[group]]);
}

interface Switch {
  readonly enabled?: boolean | undefined;
}

type Decided = Readonly<Record<OptionalService | "postgres", { readonly enabled: boolean }>>;

/** The services with every `enabled` decided: by the stack, else by the profile; for PostgreSQL by those who need it. */
export function inProfile<
  Services extends Readonly<Record<OptionalService | "postgres", Switch>> & {
    readonly catalog: { readonly enabled: boolean };
  },
>(profile: Profile, services: Services): Services & Decided {
  const brought = servicesOf(profile);
  const decided = Object.fromEntries(
    servicesOf("full").map((name) => [
      name,
      { ...services[name], enabled: services[name].enabled ?? brought.includes(name) },
    ]),
  ) as Record<OptionalService, { readonly enabled: boolean }>;
  const wanted = services.catalog.enabled || decided.airflow.enabled || decided.jupyterhub.enabled;
  const postgres = { ...services.postgres, enabled: services.postgres.enabled ?? wanted };
  return { ...services, ...decided, postgres };
}
