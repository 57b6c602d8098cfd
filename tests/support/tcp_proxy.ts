import { connect, createServer, type Server, type Socket } from "node:net";

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

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket, target));
  }

  /** Listens at a Unix socket, which other network namespaces reach as well. */
  static async listen(path: string, target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve));
    return proxy;
  }

  setMood(mood: LinkMood): void {
    this.#mood = mood;
    if (mood === "cut") { for (const socket of this.#sockets) socket.destroy(); }
    if (mood === "silent") return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #accept(client: Socket, target: { host: string; port: number }): void {
    if (this.#mood === "cut") return void client.destroy();
    const server = connect(target);
    this.#join(client, server);
    server.on("data", () => this.#mood === "unheard" && client.destroy());
    this.#join(server, client);
  }

  /** One direction of a connection; the order of the data is kept. */
  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let last = Promise.resolve();
    from.on("data", (data) => {
      last = last.then(() => this.#passes()).then(() => void (to.destroyed || to.write(data)));
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
