import { TcpProxy } from "../support/tcp_proxy.ts";
import { type TestServer, withoutPostgres, withPostgres } from "../support/postgres.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { Traffic } from "./kafka_traffic.ts";
import { brokenOf, endOf, moment } from "./kafka_world.ts";
import { withConnection } from "./postgres_invariant.ts";
import { isCommit } from "./postgres_groups.ts";
import { PostgresWorld } from "./postgres_world.ts";

const RESUME_LIMIT_MS = 30_000;

interface Stage {
  world: PostgresWorld;
  link: TcpProxy;
  server: TestServer;
  random: () => number;
}

/** Each resolves once the database works again. */
const STRIKES: Record<string, (stage: Stage) => Promise<void>> = {
  "killed as a COMMIT comes": async (stage) => {
    await atCommit(stage, () => stage.server.kill());
    await moment(stage.random() * 6_000);
    await stage.server.start();
  },
  "backends terminated, one after the other": async ({ world, random }) => {
    for (let round = 0; round < 10; round++) {
      await moment(random() * 300);
      await withConnection(world.url, (client) =>
        client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()`,
        ));
    }
  },
  "a connection cut before its COMMIT comes": async (stage) => {
    for (let round = 0; round < 5; round++) await atCommit(stage, () => stage.link.cut());
  },
  "a connection cut after its COMMIT, before the answer": async (stage) => {
    for (let round = 0; round < 5; round++) await atCommit(stage, () => void setTimeout(() => stage.link.cut(), 0));
  },
  "silent for seconds": async ({ link, random }) => {
    link.setMood("silent");
    await moment(1_000 + random() * 7_000);
    link.setMood("well");
  },
};

/** Row 18: the database or its connections die as transactions end; consumers wait, and go on by themselves. */
export const databaseAway: Fault = {
  row: 18,
  name: "PostgreSQL killed, backends terminated",
  runs: { full: 100, sample: 1 },
  skip: withoutPostgres,
  run: (context) =>
    withPostgres(async ({ TEST_DATABASE_URL }, server) => {
      const { random } = context;
      await using world = await PostgresWorld.create(context, { server: TEST_DATABASE_URL });
      await using link = await TcpProxy.atFreePort({ host: "127.0.0.1", port: server.port });
      return await strike({ world, link, server, random }, context);
    }),
};

async function strike(stage: Stage, { random }: FaultContext): Promise<FaultOutcome> {
  const { world, link } = stage;
  const url = new URL(world.url);
  url.port = String(link.port);
  await using first = world.start([], { DATABASE_URL: url.href });
  await using second = world.start([], { DATABASE_URL: url.href });
  await world.members(2);
  const traffic = new Traffic(world, { random, pauseMs: 20 });
  await moment(random() * 1_000);
  const names = Object.keys(STRIKES);
  const name = names[Math.floor(random() * names.length)];
  const struckAt = performance.now();
  await STRIKES[name](stage);
  const overAt = performance.now();
  const ids = world.sent.slice();
  const recoveryMs = await world.recovery(struckAt, ids);
  const resumedMs = performance.now() - overAt;
  await traffic.stop();
  await world.allJudged();
  first.signal("SIGTERM");
  second.signal("SIGTERM");
  const ends = await Promise.all([first, second].map((member) => endOf(member)));
  return await world.outcome(
    recoveryMs,
    brokenOf({
      [`${name}: on again in 30 s, took ${resumedMs} ms`]: resumedMs < RESUME_LIMIT_MS,
      [`${name}: they end with 0, got ${ends.map(({ code, stderr }) => `${code} ${stderr.slice(-500)}`)}`]: ends.every((
        { code },
      ) => code === 0),
      [`${name}: whoever says that it is away says that it goes on`]: ends.every(({ stderr }) =>
        !/PostgreSQL at .* is away/.test(stderr) || /Going on/.test(stderr)
      ),
    }),
  );
}

/** Does `strike` when the next COMMIT has been sent, before it arrives. */
function atCommit({ link }: Stage, strike: () => void): Promise<void> {
  return new Promise((resolve) => {
    link.tap = (data) => {
      if (!isCommit(data)) return;
      link.tap = () => {};
      strike();
      resolve();
    };
  });
}
