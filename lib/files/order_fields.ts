import { fragment } from "./line_writer.ts";

// The fields of an order that stand in the log and among the refusals, as they begin in a line.
export const ORDER_ID = fragment('{"order_id":');
export const USER = fragment(',"user":');
export const ITEM = fragment(',"item":');
export const QUANTITY = fragment(',"quantity":');
export const CREATED_AT = fragment(',"created_at":');
export const REPLAY_OF = fragment(',"replay_of":');
