import type { Admin, Kafka } from "kafkajs";

/** `stop` and `disconnect` of kafkajs can hang (tulios/kafkajs#903, #967, #1147). */
const DISCONNECT_TIMEOUT_MS = 5_000;

/** Disconnects a kafkajs client that is no longer needed, whatever its state; returns within 5 s. */
export async function disconnect(client: { disconnect(): Promise<void> }): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DISCONNECT_TIMEOUT_MS);
  });
  // An error here concerns a connection that nobody needs any more.
  await Promise.race([client.disconnect().catch(() => {}), timeout]);
  clearTimeout(timer);
}

/** Runs `use` with a connected admin client, and disconnects it afterwards. Permission: net. */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await disconnect(admin);
  }
}
