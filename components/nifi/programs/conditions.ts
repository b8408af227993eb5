/** How far a flow on the canvas is from its file. `changed`: the file is another. `drifted`: the canvas is. `both`: both are. */
export const FLOW_STATES = ["new", "same", "changed", "drifted", "both"] as const;
export type FlowState = (typeof FLOW_STATES)[number];

/**
 * How a flow is. `refused`: by what its file has, or by NiFi. `without file`: drawn on the canvas alone. `file is gone`: made of a file that
 * the platform no longer has.
 */
export const CONDITIONS = [...FLOW_STATES, "refused", "without file", "file is gone"] as const;
export type Condition = (typeof CONDITIONS)[number];
