/** Names that several parts of the portal's room use. */

export const PORTAL_PORT = 8080;
