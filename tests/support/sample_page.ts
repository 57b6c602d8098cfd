import type { Page } from "playwright-core";
import { ASSETS } from "../../tools/dashboard/page/assets.ts";
import { Play } from "../../tools/dashboard/play/play.ts";
import { type DashboardServer, serve } from "../../tools/dashboard/server/serve.ts";
import type { Snapshot } from "../../tools/dashboard/snapshot.ts";
import { reads } from "./browser.ts";
import { MemoryFeed } from "./memory_feed.ts";
import { SamplePictures, type SampleSettings } from "./sample_pictures.ts";

/** The pictures are of a time to come, so that none is old, however slow the machine is. */
const NEVER_OLD_MS = 3_600_000;

/** The real page on the real server, which shows made-up pictures. */
export class SamplePage implements AsyncDisposable {
  readonly feed = new MemoryFeed();
  readonly pictures: SamplePictures;
  readonly #settings: { isPlay: boolean };
  #server: DashboardServer;

  /** `seconds` of history are there when it opens. */
  constructor({ seconds = 60, isPlay = false, ...settings }: SampleSettings & { seconds?: number; isPlay?: boolean }) {
    this.pictures = new SamplePictures({ at: Date.now() + NEVER_OLD_MS, ...settings });
    for (let second = 0; second < seconds; second++) this.next();
    this.#settings = { isPlay };
    this.#server = this.#serve(0);
  }

  get address(): string {
    return this.#server.address;
  }

  /** Shows the next picture, with what a test changes in it. */
  next(changes: Partial<Snapshot> = {}): void {
    this.feed.show({ ...this.pictures.next(), ...changes });
    this.feed.rates = this.feed.rates.slice(-600);
  }

  /** Ends the server; the pages lose their connection. */
  async stop(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  /** Serves again at the same port. */
  restart(): void {
    this.#server = this.#serve(this.#server.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(port: number): DashboardServer {
    const flags = { store: [], kafka: [], group: [] };
    const play = this.#settings.isPlay ? new Play({ feed: this.feed, storage: "storage", flags }) : undefined;
    return serve(port, { feed: this.feed, assets: ASSETS, play });
  }
}

/** Waits until the page shows the latest picture. */
export async function hasDrawn(page: Page, { feed }: SamplePage): Promise<void> {
  const { accepted } = feed.snapshot!.totals;
  await reads(page, "#figure-accepted b", new RegExp(`^${accepted.toLocaleString("en")}$`));
}
