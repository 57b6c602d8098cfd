import { Buffer } from "node:buffer";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { HOST } from "../tools/stack/ports.ts";

/** The number of OffsetCommit among Kafka's requests. */
const OFFSET_COMMIT = 8;
/** Before each request and each answer: how long it is. */
const LENGTH_BYTES = 4;

/**
 * Stands between a consumer and its broker, and holds every commit of offsets from when `holds` says so; everything else
 * goes through. What the broker says of its own address is changed to that of the gate, or the consumer would go round
 * it. Permission: net.
 */
export class CommitGate implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #holds: () => boolean;
  #isHolding = false;

  private constructor(port: number, holds: () => boolean) {
    this.#holds = holds;
    this.#server = createServer((client) => this.#accept(client, port));
  }

  /** A gate before the broker at this port of this machine. */
  static async before(port: number, holds: () => boolean): Promise<CommitGate> {
    const gate = new CommitGate(port, holds);
    await new Promise<void>((resolve) => gate.#server.listen(0, HOST, resolve));
    return gate;
  }

  get broker(): string {
    return `${HOST}:${this.#port}`;
  }

  /** Whether a commit has been held. */
  get isHolding(): boolean {
    return this.#isHolding;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket, port: number): void {
    const broker = connect({ host: HOST, port });
    join(client, broker, (request) => {
      if (apiOf(request) !== OFFSET_COMMIT || !this.#holds()) return request;
      this.#isHolding = true;
      return undefined;
    });
    join(broker, client, (answer) => readdressed(answer, { from: port, to: this.#port }));
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** One direction of a connection, frame by frame; a frame that becomes undefined goes no further. */
function join(from: Socket, to: Socket, pass: (frame: Buffer) => Buffer | undefined): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on("data", (data: Buffer) => {
    const { frames, left } = framesIn(Buffer.concat([rest, data]));
    rest = left;
    for (const frame of frames.map(pass)) if (frame !== undefined && !to.destroyed) to.write(frame);
  });
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
}

/** The whole frames at the beginning of `bytes`, each with its length before it, and what is left. */
export function framesIn(bytes: Buffer): { frames: Buffer[]; left: Buffer } {
  const frames: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= LENGTH_BYTES) {
    const end = at + LENGTH_BYTES + bytes.readInt32BE(at);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return { frames, left: bytes.subarray(at) };
}

/** Which kind of request a frame is. */
export function apiOf(frame: Buffer): number {
  return frame.readInt16BE(LENGTH_BYTES);
}

/** The frame with the broker's port changed: in every version of every answer it comes right after the host. */
export function readdressed(frame: Buffer, ports: { from: number; to: number }): Buffer {
  const [from, to] = [ports.from, ports.to].map(address);
  const changed = Buffer.from(frame);
  for (let at = changed.indexOf(from); at >= 0; at = changed.indexOf(from, at + 1)) to.copy(changed, at);
  return changed;
}

function address(port: number): Buffer {
  const bytes = Buffer.alloc(HOST.length + 4);
  bytes.write(HOST);
  bytes.writeInt32BE(port, HOST.length);
  return bytes;
}
