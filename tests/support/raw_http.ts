/** What a server answers to a request that no browser and no `fetch` would send. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/** Sends a request as it is given, headers and all, to 127.0.0.1, and reads the whole answer. Permission: net. */
export async function askRaw(
  port: number,
  target: string,
  { method = "GET", headers = {}, body = "" }: { method?: string; headers?: Record<string, string>; body?: string } =
    {},
): Promise<RawAnswer> {
  using connection = await openRaw(port, target, { method, headers: { connection: "close", ...headers }, body });
  const text = await new Response(connection.readable).text();
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  return {
    status: Number(first.split(" ")[1]),
    headers: new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])),
    body: text.slice(end + 4),
  };
}

/** The same, but the answer is for the caller to read, or not. */
export async function openRaw(
  port: number,
  target: string,
  { method = "GET", headers = {}, body = "" }: { method?: string; headers?: Record<string, string>; body?: string } =
    {},
): Promise<Deno.TcpConn> {
  const all = { host: `127.0.0.1:${port}`, ...(body === "" ? {} : { "content-length": `${body.length}` }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(`${method} ${target} HTTP/1.1\r\n${lines}\r\n${body}`));
  return connection;
}
