import { nameKey, type User } from "../../order.ts";
import { CsvDocument } from "./csv_document.ts";

const COLUMNS = ["user", "status"] as const;

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
