import { outputLost } from "./print.ts";

/**
 * Settles as `work` does, or rejects with the signal's reason once `stop` aborts, without waiting for `work`: for long
 * work that may be left at any moment. Lost output does not end it, so the exit code is still the answer.
 */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const leave = () => {
    if (!outputLost.aborted) stopped.reject(stop.reason);
  };
  stop.addEventListener("abort", leave, { once: true });
  if (stop.aborted) leave();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stop.removeEventListener("abort", leave);
  }
}
