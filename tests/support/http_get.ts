import { get } from "node:http";
import { text } from "node:stream/consumers";

export interface Answer {
  status: number;
  text: string;
}

/** What a server says to GET, past any proxy; undefined while nobody listens. Permission: net. */
export function httpGet(url: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false }, async (answer) => {
      resolve(await text(answer).then((text) => ({ status: answer.statusCode!, text }), () => undefined));
    }).on("error", () => resolve(undefined));
  });
}
