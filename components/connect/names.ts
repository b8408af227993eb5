/** Names that the component, the commands and the proof have in common. */
export const CONNECT_PORT = 8083;
export const SUPERVISOR = "connect-supervisor";
export const SUPERVISOR_PORT = 8080;
