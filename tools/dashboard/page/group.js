// @ts-check
/// <reference lib="dom" />
import { byId, h, list, row, setAttribute, setCells, setText } from "./dom.js";
import { duration, shown, whole } from "./format.js";
/** The members of the group, and the partitions as a table. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").Member} Member */
/** @typedef {import("./members.js").Badges} Badges */

/** @param {Snapshot} snapshot @param {Badges} badges */
export function showGroup({ members, lanes }, badges) {
  const byLetter = members.toSorted((one, other) => badges.of(one.id).letter < badges.of(other.id).letter ? -1 : 1);
  list(byId("members"), byLetter, {
    key: ({ id }) => id,
    make: () =>
      h("li", {}, h("i", { class: "badge" }), h("span", { class: "member-name" }), h("span", { class: "muted" })),
    update: (item, member) => {
      const { letter, colour } = badges.of(member.id);
      setAttribute(item, "class", member.partitions.length === 0 ? "member idle" : `member ${colour}`);
      setAttribute(item, "title", shown(member.id));
      const host = member.host.replace(/^\//, "");
      setCells(item, [letter, `${shown(member.clientId)} at ${shown(host)}`, share(member)]);
    },
  });
  setText(byId("members-none"), members.length === 0 ? "Nobody reads the topic." : "");
  list(byId("lane-rows"), lanes, {
    key: ({ partition }) => String(partition),
    make: () => row("", "", "", "", "", "", ""),
    update: (line, { partition, owner, start, committed, end, lag, lagSeconds }) => {
      const [letter, behind] = [badges.of(owner).letter, lagSeconds === null ? "–" : duration(lagSeconds)];
      setCells(line, [String(partition), letter, whole(start), whole(committed), whole(end), whole(lag), behind]);
    },
  });
}

/** @param {Member} member */
function share({ partitions }) {
  if (partitions.length === 0) return "idle: there are more members than partitions";
  return `reads ${partitions.length > 1 ? "partitions" : "partition"} ${partitions.join(", ")}`;
}
