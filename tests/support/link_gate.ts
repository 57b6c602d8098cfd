import { connect, createServer } from "node:net";

// Inside a network namespace of its own: what connects to 127.0.0.1:PORT goes to a Unix socket, at which a TcpProxy
// listens outside. Arguments: PORT=SOCKET …; ends together with the process that started it.
const parent = Deno.ppid;
for (const arg of Deno.args) {
  const [port, path] = arg.split("=");
  const server = createServer((socket) => {
    const outside = connect(path);
    socket.on("error", () => outside.destroy()).on("close", () => outside.destroy());
    outside.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.pipe(outside).pipe(socket);
  });
  server.listen(Number(port), "127.0.0.1");
}
setInterval(() => Deno.ppid !== parent && Deno.exit(0), 200);
