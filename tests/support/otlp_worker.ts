// Listens for telemetry in a thread of its own, because tests stand still while they start a command. Answers GET with
// all that it was sent so far, as `[path, body]`.
const received: [path: string, body: unknown][] = [];
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  if (request.method === "GET") return Response.json(received);
  const { pathname } = new URL(request.url);
  received.push([pathname, await request.json()]);
  return Response.json({});
});
(self as unknown as { postMessage(port: number): void }).postMessage(server.addr.port);
