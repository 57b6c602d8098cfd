/** A member of a group, and the partitions it has read so far. */
export interface Sharer {
  memberId: string;
  owned: readonly number[];
}

/**
 * Shares out partitions among members as evenly as possible. A member keeps as many of its partitions as that allows,
 * because a partition that moves has to be fetched again from its position. Deterministic, so every member comes to the
 * same result.
 */
export function shareOut(partitions: readonly number[], members: readonly Sharer[]): Map<string, number[]> {
  const sharers = [...members].sort((a, b) => a.memberId < b.memberId ? -1 : 1);
  const shares = new Map(sharers.map(({ memberId }) => [memberId, [] as number[]]));
  const unowned = new Set(partitions);
  const fewest = Math.floor(partitions.length / sharers.length);
  /** How many members get one more than the others. */
  let larger = partitions.length % sharers.length;
  // Members with the most partitions keep the larger shares.
  for (const { memberId, owned } of [...sharers].sort((a, b) => b.owned.length - a.owned.length)) {
    const share = shares.get(memberId)!;
    for (const partition of [...owned].sort((a, b) => a - b)) {
      if (!unowned.has(partition) || share.length > fewest || (share.length === fewest && larger === 0)) continue;
      if (share.length === fewest) larger--;
      share.push(partition);
      unowned.delete(partition);
    }
  }
  for (const partition of [...unowned].sort((a, b) => a - b)) {
    const smallest = sharers.map(({ memberId }) => shares.get(memberId)!).reduce((a, b) => b.length < a.length ? b : a);
    smallest.push(partition);
  }
  for (const share of shares.values()) share.sort((a, b) => a - b);
  return shares;
}
