import type { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What a {@linkcode TcpProxy} does with its connections. */
export type LinkMood =
  | "well"
  /** Connections break, new ones are broken at once. */
  | "cut"
  /** Connections stay open and nothing comes through, as with a pulled cable; what was held back comes later. */
  | "silent"
  /** Each piece of data comes late. */
  | "slow"
  /** What a client sends comes through; where an answer comes the connection breaks in place of it. */
  | "unheard";

const SLOW_MS = 300;

/** Passes connections on to somewhere else, as well as it is told. Permission: net, or read and write of the socket. */
export class TcpProxy implements AsyncDisposable {
  #mood: LinkMood = "well";
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What is held back while silent. */
  #waiting: (() => void)[] = [];
  /** Sees each piece of data on its way to the target, which waits for it. */
  tap: (data: Buffer) => void | Promise<void> = () => {};

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket, target));
  }

  /** Listens at a Unix socket, which other network namespaces reach as well. */
  static async listen(path: string, target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve));
    return proxy;
  }

  /** Listens at a free port. */
  static async atFreePort(target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection; new ones go through as the mood is. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  setMood(mood: LinkMood): void {
    this.#mood = mood;
    if (mood === "cut") this.cut();
    if (mood === "silent") return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #accept(client: Socket, target: { host: string; port: number }): void {
    if (this.#mood === "cut") return void client.destroy();
    const server = connect(target);
    this.#join(client, server, (data) => this.tap(data));
    server.on("data", () => this.#mood === "unheard" && client.destroy());
    this.#join(server, client);
  }

  /** One direction of a connection; the order of the data is kept. */
  #join(from: Socket, to: Socket, tap: (data: Buffer) => void | Promise<void> = () => {}): void {
    this.#sockets.add(from);
    let last = Promise.resolve();
    from.on("data", (data: Buffer) => {
      last = last.then(() => this.#passes()).then(() => tap(data)).then(() => void (to.destroyed || to.write(data)));
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      last.then(() => to.destroy());
    });
  }

  /** Resolves when data may go through. */
  async #passes(): Promise<void> {
    if (this.#mood === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    while (this.#mood === "silent") await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.setMood("cut");
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
