/** What there is to open, as the portal shows it. */
import * as pulumi from "@pulumi/pulumi";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import type { Login } from "../../platform/place.ts";
import type { Platform } from "./programs/platform.ts";

/**
 * @param logins By what one logs in to: a page, or several before which the platform's proxy asks.
 * @param docsOf Page of the documentation, by the key of the port.
 */
export function openings(
  all: readonly { readonly key: string; readonly address: PublishedAddress; readonly use: string }[],
  logins: readonly Login[],
  docsOf: (key: string) => string | undefined,
): pulumi.Output<Platform> {
  const known = all.map(({ key, address: { title, url, guarded }, use }) => {
    const docs = docsOf(key);
    const login =
      logins.find((one) => one.title === title) ??
      (guarded === undefined ? undefined : logins.find((one) => one.title.includes(title)));
    return url.apply((at) => ({
      title,
      use,
      url: at,
      ...(docs !== undefined && { docs }),
      ...(login && { login: { users: [...login.users], service: login.service } }),
    }));
  });
  return pulumi.all(known).apply((pages) => ({
    pages: pages.flatMap(({ url, ...page }) =>
      url === undefined || page.title === "Portal" ? [] : [{ ...page, url }],
    ),
  }));
}
