import { PAID } from "../decide_order.ts";
import { nameKey, type User } from "../order.ts";
import { CsvDocument } from "./csv_document.ts";

const COLUMNS = ["user", "status"] as const;

/** The statuses a user can have; anything else in a hand-edited file counts as unpaid. */
export const USER_STATUSES = [PAID, "unpaid"] as const;

/** Parses `users.csv`; the `Outage` (65) of a file that does not parse names file and line. */
export function parseUsers(bytes: Uint8Array, file: string): { document: CsvDocument; users: Map<string, User> } {
  const document = CsvDocument.parse(bytes, { file, required: COLUMNS });
  const users = new Map<string, User>();
  for (const row of document.rows) users.set(nameKey(row.key), { name: row.key, status: row.get("status") ?? "" });
  return { document, users };
}

export function emptyUsers(): CsvDocument {
  return CsvDocument.empty({ file: "users.csv", required: COLUMNS });
}

/** Users whose status is none of the known ones, one sentence each. */
export function unknownStatuses(users: Iterable<User>, file: string): string[] {
  const known = new Set<string>(USER_STATUSES);
  return [...users].filter(({ status }) => !known.has(status)).map(({ name, status }) =>
    `${file}: the status "${status}" of ${name} is not known and counts as unpaid`
  );
}
