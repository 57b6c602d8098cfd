import { ORDERS_PARTITIONS } from "../lib/topics.ts";
import type { DrillProcess } from "./drill_process.ts";
import type { Traffic } from "./traffic.ts";
import { until } from "./until.ts";
import { VERDICT, type World } from "./world.ts";

const SHARE = /^joined as \d+ of (?<members>\d+): partitions? (?<partitions>[\d, ]+)$/;

/** A consumer of a group that several share. */
export class Member {
  readonly name: string;
  readonly process: DrillProcess;

  constructor(name: string, process: DrillProcess) {
    this.name = name;
    this.process = process;
  }

  /** Its partitions, as it printed them last; empty before. */
  get share(): string {
    return this.#joined?.partitions ?? "";
  }

  get partitions(): number[] {
    return this.share.split(",").filter((text) => text !== "").map(Number);
  }

  /** How many members it has last seen. */
  get seen(): number {
    return Number(this.#joined?.members ?? 0);
  }

  /** Verdicts printed so far. */
  get orders(): number {
    return this.process.count(VERDICT);
  }

  /** When it printed each of them. */
  get verdictTimes(): number[] {
    return this.process.lines.filter(({ text }) => VERDICT.test(text)).map(({ at }) => at);
  }

  /** Ids of the orders that it has judged. */
  get judged(): string[] {
    return this.process.lines.flatMap(({ text }) => VERDICT.exec(text)?.[1] ?? []);
  }

  get #joined(): Record<string, string> | undefined {
    return this.process.last(SHARE)?.groups;
  }
}

/** The consumers of a drill that share one group. */
export class Members {
  readonly all: Member[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Starts one, and returns once all that run know their new shares. */
  async join(name: string): Promise<Member> {
    const member = new Member(name, this.#world.consume());
    this.all.push(member);
    await this.settled(this.all);
    return member;
  }

  /**
   * Returns once these have shared out all partitions among themselves. A member that gets the same share again after it
   * was away prints nothing new, so it is enough that what they have printed last fits together.
   */
  async settled(running: readonly Member[]): Promise<void> {
    const what = `shares of ${running.map(({ name }) => name).join(" and ")}`;
    const look = () => {
      const shared = running.flatMap(({ partitions }) => partitions);
      return running.every(({ seen }) => seen === running.length) && shared.length === ORDERS_PARTITIONS &&
        new Set(shared).size === ORDERS_PARTITIONS;
    };
    await running.at(-1)!.process.until(what, look, this.#world.wait);
  }

  /** Returns once so many of the orders that were sent are judged. */
  async judged(traffic: Traffic, count: number): Promise<void> {
    const look = () => {
      const judged = this.all.reduce((sum, { orders }) => sum + orders, 0);
      return traffic.sent.length >= count && judged >= count;
    };
    await until(`${count} verdicts`, look, this.#world.wait);
  }

  /** Ends those that are left as `kill` does. */
  async stop(members: readonly Member[] = this.all): Promise<void> {
    for (const { process } of members) await process.stop(this.#world.wait);
  }
}
