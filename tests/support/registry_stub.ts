import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What a {@linkcode RegistryStub} does with requests. */
export type RegistryMood =
  /** Passes them on. */
  | "well"
  /** Closes the connection without an answer. */
  | "down"
  /** Answers 500. */
  | "failing"
  /** Gives no answer for as long as it is asked. */
  | "slow"
  /** Answers 404 as a wrong path or a proxy does, without the registry's own error code. */
  | "not found"
  /** Answers 200 with a page, as a portal does that wants a login. */
  | "a page"
  /** Answers 401: it knows this client no more. */
  | "closed"
  /** Answers 403: this client may not ask that. */
  | "forbidding";

/** A Schema Registry between the commands and a real one, that fails as it is told. Permission: net. */
export class RegistryStub implements AsyncDisposable {
  /** Requests since it is in its mood that were not passed on. */
  failed = 0;
  /** Paths of the requests that were passed on. */
  readonly passed: string[] = [];
  /** Paths with this in them are not there, it says, in the registry's own words. */
  lost: string | undefined;
  #mood: RegistryMood = "well";
  readonly #server: Server;
  readonly #real: URL;

  private constructor(real: string) {
    this.#real = new URL(real);
    this.#server = createServer((request, response) => {
      if (this.#mood !== "well") return this.#fail(response, this.#mood);
      if (this.lost !== undefined && request.url?.includes(this.lost)) return notThere(response);
      this.passed.push(request.url ?? "");
      passOn(request, response, this.#real.origin);
    });
  }

  static async before(real: string): Promise<RegistryStub> {
    const stub = new RegistryStub(real);
    await new Promise<void>((resolve) => stub.#server.listen(0, "127.0.0.1", resolve));
    return stub;
  }

  /** As SCHEMA_REGISTRY_URL has it. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#real.pathname}`;
  }

  setMood(mood: RegistryMood): void {
    this.#mood = mood;
    this.failed = 0;
  }

  #fail(response: ServerResponse, mood: Exclude<RegistryMood, "well">): void {
    this.failed++;
    switch (mood) {
      case "down":
        return void response.socket?.destroy();
      case "failing":
        return void response.writeHead(500).end("Out of order");
      case "slow":
        return; // ended with the server, or by who asked
      case "not found":
        return void response.writeHead(404).end("<html>No such page</html>");
      case "a page":
        return void response.writeHead(200).end("<html>Welcome</html>");
      case "closed":
        return void response.writeHead(401).end('{"error_code":40101,"message":"Unauthorized"}');
      case "forbidding":
        return void response.writeHead(403).end('{"error_code":40301,"message":"Forbidden"}');
      default:
        return mood satisfies never;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function notThere(response: ServerResponse): void {
  response.writeHead(404).end('{"error_code":40401,"message":"Not found"}');
}

function passOn(request: IncomingMessage, response: ServerResponse, origin: string): void {
  const { method, headers } = request;
  const onward = httpRequest(origin + request.url, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode!, { "content-type": "application/json" });
    answer.pipe(response);
  });
  onward.on("error", () => response.socket?.destroy()); // the real one is away
  request.pipe(onward);
}
