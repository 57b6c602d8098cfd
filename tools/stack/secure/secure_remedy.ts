import { shellWord } from "../../../lib/shell_word.ts";
import type { Check } from "../check.ts";
import { DEFAULT_DATA_DIR } from "../folders.ts";
import { readState } from "../state.ts";
import { envFile } from "./env_files.ts";

/** `checks` of `brokers`; where these are the checkout's own secure stack, what fails may lack a login. Permission: read. */
export function secureRemedy(checks: readonly Check[], brokers: readonly string[]): Check[] {
  const state = readState(DEFAULT_DATA_DIR);
  if (state?.secure === undefined || state.brokers !== brokers.join(",")) return [...checks];
  const login = `it is secure: read a user's settings first, as in . ${
    shellWord(envFile(DEFAULT_DATA_DIR, "auditor"))
  }`;
  return checks.map((check) => {
    if (check.level !== "fail") return check;
    return { ...check, remedy: check.remedy === undefined ? login : `${check.remedy}; ${login}` };
  });
}
