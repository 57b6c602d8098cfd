import type { Work } from "./work.ts";
import { CONSUME, GROWTH, LARGE, REJECTED } from "./works/consume.ts";
import { IDLE } from "./works/idle.ts";
import { LATENCY } from "./works/latency.ts";
import { MEMORY, MEMORY_TENFOLD } from "./works/memory.ts";
import { POSTGRES, POSTGRES_CASES, POSTGRES_GROWTH, POSTGRES_START } from "./works/postgres.ts";
import { REBUILD, VERIFY } from "./works/scan.ts";
import { PRODUCE, REPLAY } from "./works/send.ts";
import { SOAK_START, SOAK_TOOL } from "./works/soak.ts";
import { START } from "./works/start.ts";
import { STREAMS } from "./works/streams.ts";

/** All works, in the sequence of docs/PERFORMANCE.md. */
export const WORKS: readonly Work[] = [
  CONSUME,
  STREAMS,
  PRODUCE,
  REPLAY,
  LATENCY,
  IDLE,
  MEMORY,
  MEMORY_TENFOLD,
  START,
  VERIFY,
  REBUILD,
  SOAK_TOOL,
  SOAK_START,
  LARGE,
  GROWTH,
  REJECTED,
  POSTGRES,
  ...POSTGRES_CASES,
  POSTGRES_START,
  POSTGRES_GROWTH,
];
