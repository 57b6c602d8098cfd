// @ts-check
/// <reference lib="dom" />
import { ask, sentence } from "./connection.js";
import { byId, h, list, setText } from "./dom.js";
import { moment, plural, shown, whole } from "./format.js";
/** Dead letters, and the versions of the schema: asked for when they may have changed. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").DeadLettersAnswer} DeadLettersAnswer */
/** @typedef {import("../snapshot.ts").SchemasAnswer} SchemasAnswer */

const LETTERS_AGAIN_MS = 5_000;
const SCHEMAS_AGAIN_MS = 60_000;

export function mountTopics() {
  const letters = { count: -1, at: 0 };
  const schemas = { ok: false, at: 0 };
  return (/** @type {Snapshot} */ { totals, health, at }) => {
    if (totals.deadLettered !== letters.count && at - letters.at > LETTERS_AGAIN_MS) {
      Object.assign(letters, { count: totals.deadLettered, at });
      void showDeadLetters();
    }
    if (health.registry.ok !== schemas.ok || at - schemas.at > SCHEMAS_AGAIN_MS) {
      Object.assign(schemas, { ok: health.registry.ok, at });
      void showSchemas();
    }
  };
}

async function showDeadLetters() {
  try {
    /** @type {DeadLettersAnswer} */
    const { deadLetters, count } = await ask("/api/dead-letters");
    list(byId("dead-letters"), deadLetters, { key: ({ offset }) => String(offset), make: deadLetter });
    const more = count > deadLetters.length ? ` The last ${whole(deadLetters.length)} are shown.` : "";
    setText(
      byId("dead-letters-note"),
      count === 0 ? "None: every record could be read as an order." : `${plural(count, "dead letter")}.${more}`,
    );
  } catch (error) {
    setText(byId("dead-letters-note"), `${sentence(error)}.`);
  }
}

/** @param {DeadLettersAnswer["deadLetters"][number]} letter */
function deadLetter({ offset, timestamp, origin, reason, key, value, headers }) {
  const from = origin === undefined
    ? "origin unknown"
    : `from partition ${origin.partition}, offset ${whole(origin.offset)}`;
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("i", { class: "glyph v-dead-letter" }),
        h("time", {}, moment(timestamp)),
        h("bdi", { class: "reason" }, shown(reason) || "no reason given"),
        h("span", { class: "muted" }, from),
      ),
      h(
        "dl",
        {},
        ...pair("Offset", whole(offset)),
        ...pair("Key", key === undefined ? "none" : shown(key)),
        ...pair("Value", shown(value) || "empty"),
        ...headers.flatMap(([name, text]) => pair(shown(name), shown(text))),
      ),
    ),
  );
}

/** @param {string} name @param {string} text */
function pair(name, text) {
  return [h("dt", {}, name), h("dd", {}, text)];
}

async function showSchemas() {
  try {
    /** @type {SchemasAnswer} */
    const { subject, versions } = await ask("/api/schemas");
    list(byId("schemas"), [...versions].reverse(), {
      key: ({ version, id }) => `${version} ${id}`,
      make: schemaVersion,
    });
    setText(
      byId("schemas-note"),
      versions.length === 0 ? `Subject ${shown(subject)} has no version yet.` : `Subject ${shown(subject)}.`,
    );
  } catch (error) {
    setText(byId("schemas-note"), `${sentence(error)}.`);
  }
}

/** @param {SchemasAnswer["versions"][number]} version */
function schemaVersion({ version, id, schema, difference }) {
  const lines = difference.map((line) => h("li", { class: line.startsWith("-") ? "removed" : "added" }, shown(line)));
  return h(
    "li",
    {},
    h("p", {}, h("b", {}, `Version ${version}`), h("span", { class: "muted" }, ` id ${id}`)),
    lines.length === 0
      ? ""
      : h("ul", { class: "difference", "aria-label": "Difference from the version before" }, ...lines),
    h("details", {}, h("summary", {}, "Schema"), h("pre", { tabindex: 0 }, schema.split("\n").map(shown).join("\n"))),
  );
}
