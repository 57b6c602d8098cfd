/** A member of a group, and the partitions it has read so far. */
export interface Sharer {
  memberId: string;
  owned: readonly number[];
}

/**
 * Shares partitions out among members, as evenly as can be; a member keeps what it has as far as that allows, for what
 * moves has to be read from its position anew. The same answer for the same members, whoever works it out.
 */
export function shareOut(partitions: readonly number[], members: readonly Sharer[]): Map<string, number[]> {
  const sharers = [...members].sort((a, b) => a.memberId < b.memberId ? -1 : 1);
  const shares = new Map(sharers.map(({ memberId }) => [memberId, [] as number[]]));
  const unowned = new Set(partitions);
  const fewest = Math.floor(partitions.length / sharers.length);
  /** How many members may have one more than the fewest. */
  let larger = partitions.length % sharers.length;
  // Those that have most keep the larger shares.
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
