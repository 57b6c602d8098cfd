/**
 * Who a secure stack knows, each with a password and a client certificate of its own; what each may do is in `acls.ts`.
 * In the order they are shown in.
 */
export const USERS = {
  producer: "sends orders (produce, replay)",
  consumer: "judges orders (consume)",
  replayer: "replays what was set aside, or resumes a replay (replay --rejected, --dlq, --run)",
  auditor: "looks only (verify, why, dlq, doctor)",
  admin: "may do everything",
} as const;

export type User = keyof typeof USERS;

export const USER_NAMES = Object.keys(USERS) as User[];

/** Who the brokers are to each other, by their certificate; nobody logs in under this name. */
export const BROKER_NAME = "broker";

/** Who PostgreSQL is to its clients, by its certificate; it is nobody to the brokers. */
export const DATABASE_NAME = "postgres";

/** These need no ACL. */
export const SUPER_USERS = ["admin", BROKER_NAME] as const satisfies readonly (User | typeof BROKER_NAME)[];
