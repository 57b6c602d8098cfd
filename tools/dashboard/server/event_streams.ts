import type { Feed } from "../feed.ts";
import type { Snapshot } from "../snapshot.ts";

/** Pages that may be open at once. */
const MAX_CLIENTS = 20;
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it connects again. */
const RETRY_MS = 2_000;

const HEARTBEAT = encode(": still here\n\n");

/**
 * Sends what the feed sees to every open page, as server-sent events.
 *
 * A page that is slow, frozen or in the background holds up nobody and costs no memory: one message waits for it, the
 * others are left out, and once it reads again it gets all points of the charts and the latest snapshot.
 */
export class EventStreams {
  readonly #feed: Feed;
  readonly #isPlay: boolean;
  readonly #clients = new Set<Client>();
  /** Ends what is only done while a page is open: a feed that nobody listens to looks less often. */
  #rest = () => {};
  /** The latest snapshot as bytes, for all clients. */
  #latest: { snapshot: Feed["snapshot"]; bytes: Uint8Array<ArrayBuffer> } | undefined;
  #sentAt = 0;

  constructor(feed: Feed, { isPlay }: { isPlay: boolean }) {
    this.#feed = feed;
    this.#isPlay = isPlay;
  }

  /** How many pages are open. */
  get count(): number {
    return this.#clients.size;
  }

  /** A stream for one more page; undefined if there are too many. It ends when cancelled, or by {@linkcode close}. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#clients.size >= MAX_CLIENTS) return undefined;
    const client = new Client(() => this.#everything(), () => this.#leave(client));
    this.#clients.add(client);
    if (this.#clients.size === 1) this.#work();
    return client.stream;
  }

  close(): void {
    this.#rest();
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  #work(): void {
    const unlisten = this.#feed.listen(() => this.#send());
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#rest = () => {
      unlisten();
      clearInterval(heartbeat);
    };
  }

  #leave(client: Client): void {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.#rest();
  }

  #send(): void {
    this.#sentAt = Date.now();
    const bytes = this.#snapshot();
    for (const client of this.#clients) client.offer(bytes);
  }

  #beat(): void {
    if (Date.now() - this.#sentAt < HEARTBEAT_MS) return;
    for (const client of this.#clients) client.offer(HEARTBEAT);
  }

  #everything(): Uint8Array<ArrayBuffer> {
    const history = encode(`retry: ${RETRY_MS}\n${event("history", this.#feed.rates)}`);
    return concat(history, this.#snapshot());
  }

  #snapshot(): Uint8Array<ArrayBuffer> {
    const { snapshot } = this.#feed;
    if (snapshot === undefined) return encode("");
    if (this.#latest?.snapshot !== snapshot) {
      const shown: Snapshot = { ...snapshot, play: this.#isPlay };
      this.#latest = { snapshot, bytes: encode(event("snapshot", shown)) };
    }
    return this.#latest.bytes;
  }
}

/** A page that is open. */
class Client {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  /** Whether it has yet to get everything: at first, and after it left something out. */
  #isBehind = true;

  constructor(everything: () => Uint8Array<ArrayBuffer>, onGone: () => void) {
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => {
        if (!this.#isBehind) return;
        this.#isBehind = false;
        controller.enqueue(everything());
      },
      cancel: onGone,
    }, { highWaterMark: 1 });
  }

  offer(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isBehind) return; // it gets everything as soon as it reads
    // A copy, because whoever sends the chunk may take its buffer away.
    if ((this.#controller?.desiredSize ?? 0) > 0) this.#controller!.enqueue(bytes.slice());
    else this.#isBehind = true;
  }

  close(): void {
    this.#controller?.close();
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
