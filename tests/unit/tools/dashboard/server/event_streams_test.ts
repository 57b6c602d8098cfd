import assert from "node:assert/strict";
import { EventStreams } from "../../../../../tools/dashboard/server/event_streams.ts";
import { MemoryFeed } from "../../../../support/memory_feed.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** The events of the next chunk, without the delay for reconnecting. */
async function next(reader: Reader): Promise<{ event: string; data: { at: number; topic: string; play: boolean } }[]> {
  const { value } = await reader.read();
  const texts = new TextDecoder().decode(value).replace(/^retry: \d+\n/, "").split("\n\n").filter(Boolean);
  return texts.map((text) => {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text)!;
    return { event, data: JSON.parse(data) };
  });
}

Deno.test("a page gets the points so far and the latest snapshot, then each new one", async () => {
  const feed = new MemoryFeed();
  feed.show({ topic: "before" });
  const events = new EventStreams(feed, { isPlay: true });
  const reader = events.open()!.getReader();
  const [history, first] = await next(reader);
  assert.deepEqual([history.event, first.event, first.data.topic, first.data.play], [
    "history",
    "snapshot",
    "before",
    true,
  ]);
  for (const topic of ["one", "two"]) {
    feed.show({ topic });
    assert.deepEqual((await next(reader)).map(({ data }) => data.topic), [topic]);
  }
  events.close();
  assert.equal((await reader.read()).done, true);
});

Deno.test("a page that opens before there is anything to show gets it when it is there", async () => {
  const feed = new MemoryFeed();
  const events = new EventStreams(feed, { isPlay: false });
  const reader = events.open()!.getReader();
  assert.deepEqual((await next(reader)).map(({ event }) => event), ["history"]);
  feed.show({ topic: "now" });
  assert.deepEqual((await next(reader)).map(({ data }) => data.topic), ["now"]);
  events.close();
});

Deno.test("a page that does not read makes one message wait, and has all points again once it reads", async () => {
  const feed = new MemoryFeed();
  const events = new EventStreams(feed, { isPlay: false });
  const slow = events.open()!.getReader();
  const quick = events.open()!.getReader();
  await next(slow);
  await next(quick);
  for (let second = 0; second < 1_000; second++) {
    feed.show({ topic: `${second}` });
    assert.equal((await next(quick))[0].data.topic, `${second}`);
  }
  assert.deepEqual((await next(slow)).map(({ data }) => data.topic), ["0"]);
  const [history, latest] = await next(slow);
  assert.equal(history.event, "history");
  assert.equal((history.data as unknown as unknown[]).length, 1_000);
  assert.equal(latest.data.topic, "999");
  feed.show({ topic: "next" });
  assert.deepEqual((await next(slow)).map(({ data }) => data.topic), ["next"]);
  events.close();
});

Deno.test("a feed is listened to only while a page is open", async () => {
  const feed = new MemoryFeed();
  const events = new EventStreams(feed, { isPlay: false });
  assert.equal(feed.listeners.size, 0);
  for (let again = 0; again < 2; again++) {
    const [one, other] = [events.open()!, events.open()!];
    assert.equal(feed.listeners.size, 1);
    await one.cancel();
    assert.equal(feed.listeners.size, 1);
    await other.cancel();
    assert.equal(feed.listeners.size, 0);
  }
  events.close();
});

Deno.test("a page that goes away makes room, and there is room for only so many", async () => {
  const feed = new MemoryFeed();
  const events = new EventStreams(feed, { isPlay: false });
  const streams = Array.from({ length: 20 }, () => events.open()!);
  assert.equal(events.open(), undefined);
  await streams[7].cancel();
  assert.equal(events.count, 19);
  assert.notEqual(events.open(), undefined);
  feed.show();
  events.close();
  assert.deepEqual([events.count, feed.listeners.size], [0, 0]);
});
