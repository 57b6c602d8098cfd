/** Who the stack's PostgreSQL knows besides its superuser, each with a password of its own. */
export const ROLES = {
  orders: "owns the database and may do anything in it",
  orders_consumer: "may read and change rows, but makes and drops no table",
} as const;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

/** Makes the others; no command of ours is ever this one. */
export const SUPERUSER = "postgres";

/** The one that is for the orders. */
export const DATABASE = "orders";
