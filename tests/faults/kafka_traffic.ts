import { moment } from "./kafka_world.ts";

/** Where orders are sent. */
interface Destination {
  send(count: number): Promise<void>;
}

/** Orders in one send at most. */
export const SEND_LIMIT = 50;

/** Orders sent in small sends, one after the other, until it is stopped. */
export class Traffic {
  #stopped = false;
  readonly #sending: Promise<void>;

  constructor(world: Destination, options: { random: () => number; pauseMs: number }) {
    this.#sending = this.#send(world, options);
    this.#sending.catch(() => {}); // seen by stop()
  }

  async #send(world: Destination, { random, pauseMs }: { random: () => number; pauseMs: number }): Promise<void> {
    while (!this.#stopped) {
      await world.send(1 + Math.floor(random() * SEND_LIMIT));
      await moment(random() * pauseMs);
    }
  }

  /** Resolves when the send under way is acknowledged; rejects where one was not. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#sending;
  }
}
