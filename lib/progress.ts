/** Called now and then during work that may take minutes, with how much of it is done. */
export type Progress = (done: number, total: number) => void;

/** What `done` and `total` count: bytes, or things that a person names, such as "orders". */
export type ProgressUnit = "bytes" | "orders" | "records" | "runs" | "steps";

/** Begins to show such work, in place of the one before; `what` is a phrase such as "Reading the order log". */
export type BeginProgress = (what: string, unit: ProgressUnit) => Progress;

/** For those whom nobody watches. */
export const unwatched: BeginProgress = () => () => {};
