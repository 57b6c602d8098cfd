import { blankEdge, quoted, showBlanks } from "./blank_edge.ts";
import { USER_STATUSES } from "./decide_order.ts";
import type { User } from "./order.ts";
import { blankEdgedNames, firstFew } from "./row_warnings.ts";

const KNOWN: ReadonlySet<string> = new Set(USER_STATUSES);

/** Oddities of the users in `place`, probably not meant: an unknown status, a name with a blank at either end. */
export function oddUsers(users: readonly User[], place: string): string[] {
  const unknown = users.filter(({ status }) => !KNOWN.has(status)).map(({ name, status }) => {
    const edge = blankEdge(status);
    const why = edge === undefined ? "" : `: it ${edge}`;
    return `${place}: the status ${quoted(status)} of ${showBlanks(name)} is not known and counts as unpaid${why}`;
  });
  return [
    ...firstFew(unknown, (count) => `${place}: ${count} more have a status that is not known and count as unpaid`),
    ...blankEdgedNames("user", users.map(({ name }) => name), place),
  ];
}
