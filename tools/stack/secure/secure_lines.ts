import { shellWord } from "../../../lib/shell_word.ts";
import type { StackState } from "../state.ts";
import { envFile } from "./env_files.ts";
import { USER_NAMES, USERS } from "./users.ts";

/** What a person has to know of the running secure stack in `dataDir`: how to use it as whom. */
export function secureLines(dataDir: string, state: StackState): string[] {
  return [
    `Clients log in at ${state.brokers} by SCRAM over TLS, or at ${state.secure?.tlsBrokers} with a certificate.`,
    "The registry asks nobody who they are. All of it listens on this machine only.",
    "Be one of these users by reading its settings into a shell (with -tls.env in place of .env: by certificate):",
    ...USER_NAMES.map((user) => `. ${shellWord(envFile(dataDir, user))} # ${user} ${USERS[user]}`),
  ];
}
