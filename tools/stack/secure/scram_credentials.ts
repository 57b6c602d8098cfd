import { readPassword } from "./secrets.ts";
import { USER_NAMES } from "./users.ts";

/** The passwords of the stack in `dataDir`, in the words of Kafka's `StorageTool format --add-scram`. Permission: read. */
export function scramCredentials(dataDir: string): string[] {
  return USER_NAMES.flatMap((name) =>
    ["SCRAM-SHA-512", "SCRAM-SHA-256"].map((mechanism) =>
      `${mechanism}=[name=${name},password=${readPassword(dataDir, name)}]`
    )
  );
}
