/** Named sets of services. A profile only says which services are part of the platform where the stack does not. */

/** The profiles that a stack can name; the first is the default. */
export const profiles = ["core", "studio"] as const;
export type Profile = (typeof profiles)[number];

/** Services that people work with, on top of the data path. */
export const studioServices = ["postgres", "airflow", "jupyterhub", "sparkConnect", "sparkHistory"] as const;
export type StudioService = (typeof studioServices)[number];

interface Switch {
  readonly enabled?: boolean | undefined;
}

/** The services with every `enabled` decided: by the stack, else by the profile. */
export function inProfile<Services extends Readonly<Record<StudioService, Switch>>>(
  profile: Profile,
  services: Services,
): Services & Readonly<Record<StudioService, { readonly enabled: boolean }>> {
  const decided = studioServices.map((name): [StudioService, Switch & { readonly enabled: boolean }] => [
    name,
    { ...services[name], enabled: services[name].enabled ?? profile === "studio" },
  ]);
  return { ...services, ...(Object.fromEntries(decided) as Record<StudioService, { readonly enabled: boolean }>) };
}
