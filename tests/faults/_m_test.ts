import { runMutants } from "./mutant.ts";
import { POSTGRES_MUTANTS } from "./postgres_mutants.ts";
for (const m of POSTGRES_MUTANTS.slice(7)) {
  Deno.test(m.name, async () => {
    const { broken } = await runMutants([m], { seed: 1, random: Math.random, env: {} as never });
    if (broken.length) throw new Error(broken.join());
  });
}
