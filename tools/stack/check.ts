/** `warn`: worth knowing, but the pipeline runs. `fail`: it does not. */
export type Level = "ok" | "warn" | "fail";

/** The result of one of `doctor`'s checks. */
export interface Check {
  /** What was checked, such as `java` or `storage`. */
  name: string;
  level: Level;
  /** What was found, or what is wrong. */
  found: string;
  /** What to do about it. */
  remedy?: string;
}
