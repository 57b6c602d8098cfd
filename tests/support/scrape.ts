import assert from "node:assert/strict";
import { type Answer, httpGet } from "./http_get.ts";

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\+Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const SUFFIXES = /_(bucket|sum|count)$/;

/**
 * Reads Prometheus' text format strictly: each sample belongs to the family named before it, whose help and type come
 * first, counters end in `_total`, buckets of a histogram only grow, and no series is there twice.
 */
export function parseScrape(text: string): Sample[] {
  assert.ok(text.endsWith("\n"), "the last line is not ended");
  const samples: Sample[] = [];
  let family = { name: "", type: "", hasHelp: false };
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, keyword, name, rest] = COMMENT.exec(line) ?? [];
    if (keyword === "HELP") family = { name, type: "", hasHelp: true };
    else if (keyword === "TYPE") {
      assert.ok(family.hasHelp && family.name === name, line);
      assert.match(rest, /^(counter|gauge|histogram)$/);
      if (rest === "counter") assert.match(name, /_total$/);
      family.type = rest;
    } else samples.push(sampleOf(line, family));
  }
  const series = samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
  assert.equal(new Set(series).size, series.length, "a series is there twice");
  requireGrowingBuckets(samples);
  return samples;
}

function sampleOf(line: string, family: { name: string; type: string }): Sample {
  const match = SAMPLE.exec(line);
  assert.ok(match, `not a sample: ${line}`);
  const [, name, labels = "", value] = match;
  assert.equal(family.type === "histogram" ? name.replace(SUFFIXES, "") : name, family.name, line);
  return { name, labels: labelsOf(labels), value: value === "+Inf" ? Infinity : Number(value) };
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const match = LABEL.exec(text);
    assert.ok(match, `not labels: ${text}`);
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, character) => character === "n" ? "\n" : character);
  }
  return labels;
}

function requireGrowingBuckets(samples: readonly Sample[]): void {
  let last: Sample | undefined;
  for (const sample of samples.filter(({ name }) => name.endsWith("_bucket"))) {
    const isSame = last?.name === sample.name && last.labels.to === sample.labels.to;
    if (isSame) assert.ok(sample.value >= last!.value, `${sample.name} shrinks at ${sample.labels.le}`);
    last = sample;
  }
}

/** A process's scrape; undefined while it does not answer. Permission: net. */
export async function scrape(port: number): Promise<Sample[] | undefined> {
  const answer = await ask(port, "/metrics");
  return answer && parseScrape(answer.text);
}

/** Status and text of a path; undefined while nobody listens. Permission: net. */
export function ask(port: number, path: string): Promise<Answer | undefined> {
  return httpGet(`http://127.0.0.1:${port}${path}`);
}

/** The sum of a metric's samples that have these labels. */
export function sumOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples.filter((sample) =>
    sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  ).reduce((sum, { value }) => sum + value, 0);
}
