/** Who signed in to JupyterHub and worked there: lines of the hub and of users' servers. */
import type { AuditedLines } from "../../platform/auditing.ts";

const room = "jupyterhub";
const HUB = 'service:="jupyterhub" component:="hub" "JupyterHub"';
/** People write what they like there: who it was, the pod says. */
const SERVER = 'service:="jupyterhub" component:="notebook" "ServerApp"';

export const jupyterhubLines: readonly AuditedLines[] = [
  { room, action: "signed in", filter: `${HUB} "User logged in"`, pattern: /\] User logged in: (?<user>\S+)$/ },
  { room, action: "signed out", filter: `${HUB} "User logged out"`, pattern: /\] User logged out: (?<user>\S+)$/ },
  {
    room,
    action: "was refused",
    filter: `${HUB} "Failed login"`,
    pattern: /\] Failed login for (?<user>\S+)/,
    outcome: "wrong password",
  },
  { room, action: "got a server", filter: `${HUB} "is ready"`, pattern: /\] Server (?<user>\S+) is ready$/ },
  {
    room,
    action: "started a kernel",
    filter: `${SERVER} "POST" "kernels"`,
    pattern: /\] 201 POST \/user\/[^/\s]+\/api\/(?:kernels|sessions)\b/,
  },
  {
    room,
    action: "saved a file",
    filter: `${SERVER} ("Saving file" or "Uploading file")`,
    pattern: /\] (?:Saving|Uploading) file (?:at|to) (?<object>\/.+)$/,
  },
];
