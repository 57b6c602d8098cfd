/**
 * The users of a secure stack, in the sequence they are shown. Each has its own password and client certificate; their
 * rights are in `acls.ts`.
 */
export const USERS = {
  producer: "sends orders (produce, replay)",
  consumer: "judges orders (consume)",
  replayer: "redrives, or resumes a replay (replay --rejected, --dlq, --run)",
  auditor: "looks only (verify, why, dlq, doctor)",
  admin: "may do everything",
} as const;

export type User = keyof typeof USERS;

export const USER_NAMES = Object.keys(USERS) as User[];

/** The brokers' name in their certificate; nobody logs in under it. */
export const BROKER_NAME = "broker";

/** PostgreSQL's name in its certificate; it has no rights at the brokers. */
export const DATABASE_NAME = "postgres";

/** These need no ACL. */
export const SUPER_USERS = ["admin", BROKER_NAME] as const satisfies readonly (User | typeof BROKER_NAME)[];
