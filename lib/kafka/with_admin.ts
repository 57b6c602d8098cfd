import type { Admin, Kafka } from "kafkajs";
import { disconnect } from "./disconnect.ts";

/** Runs `use` with an admin client, connected, which is disconnected afterwards. Permission: net. */
export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await disconnect(admin);
  }
}
