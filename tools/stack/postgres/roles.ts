/** The roles of the stack's PostgreSQL besides its superuser, each with its own password. */
export const ROLES = {
  orders: "owns the database and may do anything in it",
  orders_consumer: "may read and change rows, but not create or drop tables",
} as const;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

/** Creates the others; none of our commands uses it. */
export const SUPERUSER = "postgres";

/** The database of the orders. */
export const DATABASE = "orders";
