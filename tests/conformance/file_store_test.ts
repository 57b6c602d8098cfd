import type { OrderStore } from "../../lib/ports.ts";
import type { FileStore } from "../../lib/files/store/file_store.ts";
import { requireBalance, TestStorage } from "../support/storage.ts";
import { orderStoreConformance, type StoreContents, type StoreHarness } from "./order_store.ts";
import { offsetStoreConformance } from "./offset_store.ts";

/**
 * The file store in a temp folder. After a kill its successor works on a copy, because the dead one's locks are still
 * held.
 */
class FileStoreHarness implements StoreHarness {
  readonly keepsPosition = false;
  #storage: TestStorage;
  readonly #abandoned: TestStorage[] = [];

  constructor(storage: TestStorage) {
    this.#storage = storage;
  }

  open(): Promise<OrderStore> {
    return this.#storage.open();
  }

  async close(store: OrderStore): Promise<void> {
    await this.#storage.close(store as FileStore);
    requireBalance(this.#storage);
  }

  abandon(): Promise<void> {
    this.#abandoned.push(this.#storage);
    this.#storage = this.#storage.copy();
    return Promise.resolve();
  }

  stock(): Promise<Record<string, number>> {
    return Promise.resolve(this.#storage.stock());
  }

  async accepted(): Promise<string[]> {
    await new Promise((resolve) => setTimeout(resolve)); // lets the store go on between two looks
    return this.#storage.orders().map(({ order_id }) => order_id);
  }

  fingerprint(): Promise<string> {
    return Promise.resolve(
      ["inventory.csv", "orders.jsonl", "users.csv"].map((name) => this.#storage.text(name)).join(),
    );
  }

  hasRead(partition: number, offset: number): Promise<boolean> {
    const lines = this.#storage.text("positions.jsonl").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    return Promise.resolve(
      lines.some((line) => line.partition === partition && line.from <= offset && offset < line.to),
    );
  }

  setUser(user: string, status: string): Promise<void> {
    return this.#storage.setUser(user, status);
  }

  setStock(item: string, quantity: number): Promise<void> {
    return this.#storage.setStock(item, quantity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of [this.#storage, ...this.#abandoned]) await storage[Symbol.asyncDispose]();
  }
}

orderStoreConformance(
  "FileStore",
  async (contents: StoreContents) => new FileStoreHarness(await TestStorage.create(contents)),
);

orderStoreConformance(
  "FileStore that compacts its journals at every checkpoint",
  async (contents: StoreContents) => new FileStoreHarness(await TestStorage.create({ ...contents, compactAbove: 0 })),
);

offsetStoreConformance(
  "FileStore",
  async (contents: StoreContents) => new FileStoreHarness(await TestStorage.create(contents)),
);
