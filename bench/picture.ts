import { describeTarget } from "./report.ts";
import type { Outcome } from "./work.ts";

const ROW = 34;
const TOP = 56;
const LABELS = 330;
/** Pixels from 0 to the target, and the longest bar, in multiples of the target. */
const TARGET = 240;
const MOST = 2;
const WIDTH = LABELS + MOST * TARGET + 190;
const COLOURS = { met: "#2e7d32", missed: "#c62828" };

/**
 * The outcomes as an SVG picture: one bar per work, as long as its share of the target.
 *
 * The bar of an `at least` should reach the line, that of an `at most` should not pass it.
 */
export function picture(outcomes: readonly Outcome[], caption: string): string {
  const drawn = outcomes.filter((outcome) => "result" in outcome);
  const height = TOP + drawn.length * ROW + 20;
  const line = LABELS + TARGET;
  const bars = drawn.map(({ work, result: { share, ratio, ours, met } }, index) => {
    const y = TOP + index * ROW;
    const length = (Math.min(share, MOST) * TARGET).toFixed(1);
    const value = ratio === undefined ? `${round(ours.median)} ${work.unit}` : `${ratio.median.toFixed(2)}x`;
    const figure = `${value}, target ${describeTarget(work.target, work.unit)}`;
    return `  <text x="${LABELS - 10}" y="${y + 16}" text-anchor="end">${escapeXml(work.title)}</text>
  <rect x="${LABELS}" y="${y}" width="${length}" height="22" fill="${met ? COLOURS.met : COLOURS.missed}"/>
  <text x="${LABELS + MOST * TARGET + 10}" y="${y + 16}">${escapeXml(figure)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"
  font-family="sans-serif" font-size="13">
  <rect width="100%" height="100%" fill="white"/>
  <text x="10" y="20">${escapeXml(caption)}</text>
${bars.join("\n")}
  <line x1="${line}" y1="${TOP - 10}" x2="${line}" y2="${height - 14}" stroke="black" stroke-dasharray="4 3"/>
  <text x="${line}" y="${TOP - 16}" text-anchor="middle">target</text>
</svg>
`;
}

function round(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
