import type { DeadLettersAnswer, OrdersAnswer, RatePoint, SchemasAnswer, Snapshot, WhyAnswer } from "./snapshot.ts";

/** What the server shows: the latest picture of Kafka and the store, and answers to a page's questions. */
export interface Feed {
  /** The latest picture; undefined until the first is there. */
  readonly snapshot: Omit<Snapshot, "play"> | undefined;
  /** Oldest first. */
  readonly rates: readonly RatePoint[];
  /** Calls `listener` with each new picture, until the returned function is called. */
  listen(listener: (snapshot: Omit<Snapshot, "play">) => void): () => void;
  /** Looks through recent orders. */
  orders(text: string): OrdersAnswer;
  why(orderId: string): Promise<WhyAnswer>;
  deadLetters(): Promise<DeadLettersAnswer>;
  schemas(): Promise<SchemasAnswer>;
  close(): Promise<void>;
}
