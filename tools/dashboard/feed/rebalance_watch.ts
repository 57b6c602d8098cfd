import { LIMITS, type Rebalance } from "../snapshot.ts";

/** A group as it is seen at one moment. */
export interface SeenGroup {
  at: number;
  state: string;
  members: readonly { id: string; clientId: string; host: string; partitions: readonly number[] }[];
  /** Where the group is in each partition, and what is left to read. */
  partitions: readonly { partition: number; committed: number | null; lag: number | null }[];
}

const STABLE = "Stable";
/** States in which nobody reads because the members are sharing out. */
const UNSETTLED = ["PreparingRebalance", "CompletingRebalance"];
/**
 * A member that has died stays in its group until its session ends: at least 7 s without a sign of life (sessions of
 * 10 s, heartbeats every 3 s), while orders wait for it.
 */
const DEAD_SILENCE_MS = 6_000;
/** After a goodbye the others join again with their next heartbeat, within 3 s; longer, they waited for one that is dead. */
const DEAD_WAIT_MS = 5_000;

interface Member {
  name: string;
  partitions: readonly number[];
}

/** Notices rebalances by comparing what is seen of the group from one moment to the next. */
export class RebalanceWatch {
  /** Newest first. */
  readonly rebalances: Rebalance[] = [];
  /** How many were noticed in all. */
  count = 0;
  /** Members when the group was last settled; undefined before the first look. */
  #settled: Map<string, Member> | undefined;
  #unsettledSince: number | undefined;
  /** Where each partition was last seen to move on, or to have nothing to read. */
  readonly #moved = new Map<number, { committed: number | null; at: number }>();

  see(group: SeenGroup): void {
    const { at, state } = group;
    if (UNSETTLED.includes(state)) {
      this.#unsettledSince ??= at;
      this.#notice(group);
      return;
    }
    const members = new Map(group.members.map((member) => [member.id, asMember(member)]));
    const before = this.#settled;
    const since = this.#unsettledSince;
    this.#settled = members;
    this.#unsettledSince = undefined;
    if (before !== undefined) {
      const came = [...members.keys()].filter((id) => !before.has(id)).map((id) => members.get(id)!);
      const gone = [...before.keys()].filter((id) => !members.has(id)).map((id) => before.get(id)!);
      if (came.length > 0 || gone.length > 0 || since !== undefined) {
        this.#add({
          at: since ?? at,
          ms: since === undefined ? 0 : at - since,
          ...this.#cause(came, gone, group, since),
        });
      }
    }
    this.#notice(group);
  }

  #cause(
    came: readonly Member[],
    gone: readonly Member[],
    { at, state }: SeenGroup,
    since: number | undefined,
  ): Pick<Rebalance, "cause" | "sentence"> {
    const isEnd = state !== STABLE ? "; the group is empty" : "";
    if (gone.length === 0) {
      if (came.length > 0) return { cause: "joined", sentence: `${names(came)} joined` };
      return { cause: "other", sentence: "The members shared out anew" };
    }
    if (came.length > 0) return { cause: "other", sentence: `${names(came)} came, ${names(gone)} went` };
    const began = since ?? at;
    const idle = gone.map(({ partitions }) => this.#silence(partitions, began));
    if (idle.some((ms) => ms !== undefined && ms >= DEAD_SILENCE_MS) || at - began >= DEAD_WAIT_MS) {
      return { cause: "died", sentence: `${names(gone)} died${isEnd}` };
    }
    if (idle.every((ms) => ms !== undefined)) return { cause: "left", sentence: `${names(gone)} left${isEnd}` };
    return { cause: "other", sentence: `${names(gone)} is gone: whether it left or died cannot be told${isEnd}` };
  }

  /** How long a member had not moved on in any of its partitions; undefined if it had nothing to do. */
  #silence(partitions: readonly number[], until: number): number | undefined {
    const moves = partitions.flatMap((partition) => this.#moved.get(partition) ?? []);
    const busy = moves.filter(({ at }) => Number.isFinite(at));
    return busy.length === 0 ? undefined : until - Math.max(...busy.map(({ at }) => at));
  }

  #notice({ at, partitions }: SeenGroup): void {
    for (const { partition, committed, lag } of partitions) {
      const before = this.#moved.get(partition);
      if (before?.committed !== committed) this.#moved.set(partition, { committed, at });
      // Nothing to read: that it does not move says nothing.
      else if (lag === 0 && at - before.at > DEAD_SILENCE_MS) before.at = -Infinity;
      // Something to read again: from now on it should move.
      else if (lag !== 0 && before.at === -Infinity) before.at = at;
    }
  }

  #add(rebalance: Rebalance): void {
    this.count++;
    this.rebalances.unshift(rebalance);
    if (this.rebalances.length > LIMITS.rebalances) this.rebalances.pop();
  }
}

function asMember({ id, clientId, host, partitions }: SeenGroup["members"][number]): Member {
  return { name: `${clientId || id} at ${host} (${id.slice(-4)})`, partitions };
}

function names(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(", ");
}
