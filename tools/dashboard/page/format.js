// @ts-check
/** How figures, times and text of others are written. Pure. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
const STEPS = /** @type {const} */ ([[1e9, "G"], [1e6, "M"], [1e3, "k"]]);

/** `1,234,567`; a dash where it is not known. @param {number | null | undefined} value */
export function whole(value) {
  return value === null || value === undefined ? "–" : WHOLE.format(value);
}

/** `1.2M`, for an axis or where there is little room. @param {number} value @returns {string} */
export function short(value) {
  const size = Math.abs(value);
  for (const [step, letter] of STEPS) {
    if (size >= step) return `${trim(value / step)}${letter}`;
  }
  return trim(value);
}

/** @param {number} value */
function trim(value) {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 days`. @param {number} seconds */
export function duration(seconds) {
  if (seconds > 0 && seconds < 0.1) return "under 0.1 s";
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  if (seconds < 3_599.5) return parts(Math.round(seconds), 60, ["min", "s"]);
  if (seconds < 48 * 3_600) return parts(Math.round(seconds / 60), 60, ["h", "min"]);
  return `${Math.round(seconds / 86_400)} days`;
}

/** @param {number} small @param {number} size @param {[string, string]} units */
function parts(small, size, [unit, rest]) {
  const left = small % size;
  return `${Math.floor(small / size)} ${unit}${left === 0 ? "" : ` ${left} ${rest}`}`;
}

/** `14:03:09`, in the time zone of the reader. @param {number} ms */
export function clock(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${ms} ms`;
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** With the day, for what may be old. @param {number} ms */
export function moment(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return `${ms} ms`;
  return `${date.toISOString().slice(0, 10) === new Date().toISOString().slice(0, 10) ? "" : `${day(date)} `}${
    clock(ms)
  }`;
}

/** @param {Date} date */
function day(date) {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join(
    "-",
  );
}

/** Text of others, with what cannot be seen made visible: `\u202e`. @param {string | null | undefined} text */
export function shown(text) {
  return (text ?? "").replace(UNSAFE, (char) => `\\u${char.codePointAt(0)?.toString(16).padStart(4, "0")}`);
}

/** `1 order`, `2 orders`. @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}
