import type { Queries } from "../client/database.ts";

/** The next offset to read of a partition. */
export interface Position {
  topic: string;
  partition: number;
  topic_id: string | null;
  position: number;
  /** The call that moved it last. */
  moved_by: string | null;
}

/** Offsets `[from, to)` of a partition. */
export interface Step {
  topic: string;
  partition: number;
  from: number;
  to: number;
  /** Offsets below were read before the partition was reset: `from` if it was not. */
  seenTo: number;
}

/** Where the positions have gone since the look before. */
export interface Steps {
  steps: Step[];
  /** Whether this is the first look, in which `steps` are everything so far. */
  isFirst: boolean;
  /** Whether a partition was reset, or the store begun anew: what was counted may have changed. */
  isTurnedBack: boolean;
}

/** Where reading of each partition goes on. */
export async function positionsIn(session: Queries): Promise<Position[]> {
  return await session.query(
    "SELECT topic, partition, topic_id, position, moved_by FROM positions ORDER BY topic, partition",
  );
}

/** Follows the positions of a store from look to look. */
export class PositionSteps {
  #known: Map<string, Position & { highest: number }> | undefined;

  see(positions: readonly Position[]): Steps {
    const before = this.#known ?? new Map<string, Position & { highest: number }>();
    const isFirst = this.#known === undefined;
    this.#known = new Map();
    const steps: Step[] = [];
    let isTurnedBack = false;
    for (const position of positions) {
      const { topic, partition, position: to } = position;
      const name = `${topic}/${partition}`;
      let known = before.get(name);
      before.delete(name);
      if (known !== undefined && known.topic_id !== position.topic_id) {
        known = undefined; // a topic of that name was created anew
        isTurnedBack = true;
      }
      const from = known?.position ?? 0;
      const highest = known?.highest ?? 0;
      // If it was moved and is where it was, it went back and forth since.
      if (to < from || (to === from && known?.moved_by !== position.moved_by)) isTurnedBack = true;
      if (to > from) steps.push({ topic, partition, from, to, seenTo: Math.max(from, Math.min(highest, to)) });
      this.#known.set(name, { ...position, highest: Math.max(highest, to) });
    }
    return { steps, isFirst, isTurnedBack: isTurnedBack || before.size > 0 };
  }
}
