import type { Drill } from "./scenario.ts";
import { kill } from "./scenarios/kill.ts";
import { leader } from "./scenarios/leader.ts";
import { pause } from "./scenarios/pause.ts";
import { poison } from "./scenarios/poison.ts";
import { rebalance } from "./scenarios/rebalance.ts";
import { registry } from "./scenarios/registry.ts";
import { reset } from "./scenarios/reset.ts";
import { stale } from "./scenarios/stale.ts";
import { twice } from "./scenarios/twice.ts";

/** All drills, in the order in which they build on one another. */
export const DRILLS: readonly Drill[] = [kill, twice, reset, poison, stale, registry, rebalance, pause, leader];
