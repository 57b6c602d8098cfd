/** `warn`: worth knowing, but the pipeline runs. `fail`: it does not. */
export type Level = "ok" | "warn" | "fail";

/** What `doctor` found out about one thing. */
export interface Check {
  /** Of what: `java`, `storage`. */
  name: string;
  level: Level;
  /** What is there, or what is wrong. */
  found: string;
  /** What to do about it. */
  remedy?: string;
}
