import { setTimeout as delay } from "node:timers/promises";
import type { OrderKey } from "../lib/topics.ts";
import type { World } from "./world.ts";

/** An order that is known to be in the topic; times by `performance.now()`. */
export interface SentOrder {
  id: string;
  /** Of a burst, that of its last order. */
  partition: number;
  calledAt: number;
  acknowledgedAt: number;
}

interface Pace {
  /** Milliseconds from one send to the next. */
  everyMs: number;
  /** Orders in each send, by default 1. */
  burst?: number;
  key: OrderKey;
}

/** Orders for a pen each, sent one after the other until stopped or disposed of. */
export class Traffic implements Disposable {
  readonly sent: SentOrder[] = [];
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;
  #failure: unknown;

  constructor(world: World, pace: Pace) {
    this.#done = this.#send(world, pace).catch((error) => this.#failure = error);
  }

  /** Sends no more; throws what a send has thrown. */
  async stop(): Promise<readonly SentOrder[]> {
    this.#ending.abort();
    await this.#done;
    if (this.#failure !== undefined) throw this.#failure;
    return this.sent;
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async #send(world: World, { everyMs, burst = 1, key }: Pace): Promise<void> {
    const ending = AbortSignal.any([this.#ending.signal, world.stop]);
    while (!ending.aborted) {
      const calledAt = performance.now();
      const orders = Array.from({ length: burst }, () => world.order("pen"));
      await world.send(orders, key);
      const times = { calledAt, acknowledgedAt: performance.now() };
      this.sent.push(...orders.map(({ order_id }) => ({ id: order_id, partition: world.lastPartition, ...times })));
      await delay(everyMs, undefined, { signal: ending }).catch(() => {}); // that it ends is seen above
    }
  }
}
