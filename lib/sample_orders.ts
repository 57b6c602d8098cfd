import { PAID } from "./decide_order.ts";
import { EXIT, Failure } from "./errors.ts";
import { nameKey, type Order, OWN_FIELDS, type StockItem, type User } from "./order.ts";

/** Orders that are not accepted, and the verdict each is made for. */
export const MIX_KINDS = ["unpaid", "unknown-user", "unknown-item", "no-stock", "duplicate", "poison"] as const;
export type MixKind = (typeof MIX_KINDS)[number];

/** Percentages, fractions allowed, at most 100 in total; the rest are good orders. */
export type Mix = Partial<Record<MixKind, number>>;

export interface SampleOrder {
  /** For poison, the order that lends it key and partition. */
  order: Order;
  /** Missing without a mix: any user and item from the files. */
  kind?: MixKind | "good";
}

export interface SampleOptions {
  /** The same seed, users, items and mix give the same users, items and quantities. */
  seed: string;
  users: readonly User[];
  items: readonly StockItem[];
  mix?: Mix;
  newOrderId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

const LARGEST_QUANTITY = 2 ** 31 - 1;
/** Good orders that a duplicate is picked from. */
const REMEMBERED = 1_000;

/**
 * An endless stream of sample orders. Pure but for `newOrderId` and `now`.
 *
 * Throws a {@linkcode Failure} if users and items lack what the orders need. A duplicate before any good order becomes
 * a good order itself.
 */
export function sampleOrders(options: SampleOptions): Generator<SampleOrder, never> {
  const random = randomFrom(options.seed);
  const pools = poolsOf(options);
  return options.mix === undefined ? plainOrders(options, random) : mixedOrders(options, options.mix, pools, random);
}

/**
 * `unpaid=10,poison=0.5` as a mix. Throws a usage {@linkcode Failure} that says what is wrong; `hint` says what was
 * probably meant by an unknown kind.
 */
export function parseMix(text: string, hint: (word: string, known: readonly string[]) => string = () => ""): Mix {
  const mix: Mix = {};
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const kind = part.slice(0, equals) as MixKind;
    const percent = part.slice(equals + 1);
    if (equals < 0 || !MIX_KINDS.includes(kind)) {
      throw new Failure(
        EXIT.usage,
        `--mix takes KIND=PERCENT of ${MIX_KINDS.join(", ")}; got "${part}"${hint(kind, MIX_KINDS)}`,
      );
    }
    if (!/^\d+(\.\d+)?$/.test(percent)) {
      throw new Failure(EXIT.usage, `--mix takes percentages such as ${kind}=10, got "${part}"`);
    }
    if (mix[kind] !== undefined) throw new Failure(EXIT.usage, `--mix has ${kind} twice`);
    mix[kind] = Number(percent);
  }
  const sum = sumOf(mix);
  // 34.7 + 29.6 + 35.7 is a little more than 100 in floating point.
  if (sum > 100 + 1e-9) throw new Failure(EXIT.usage, `--mix adds up to ${sum}%, more than 100`);
  return mix;
}

function sumOf(mix: Mix): number {
  return Object.values(mix).reduce((sum, percent) => sum + percent, 0);
}

type Random = (below: number) => number;

interface Pools {
  paid: readonly User[];
  unpaid: readonly User[];
  items: readonly StockItem[];
  /** Items with so little stock that an order can ask for more. */
  exhaustible: readonly StockItem[];
  userNames: ReadonlySet<string>;
  itemNames: ReadonlySet<string>;
}

function poolsOf({ users, items, mix }: SampleOptions): Pools {
  const pools: Pools = {
    paid: users.filter(({ status }) => status === PAID),
    unpaid: users.filter(({ status }) => status !== PAID),
    items,
    exhaustible: items.filter(({ quantity }) => quantity + QUANTITIES["no-stock"] <= LARGEST_QUANTITY),
    userNames: new Set(users.map(({ name }) => nameKey(name))),
    itemNames: new Set(items.map(({ name }) => nameKey(name))),
  };
  for (const [kind, percent] of Object.entries(mix ?? {})) {
    if (percent > 0 && kind === "unpaid") requireSome(pools.unpaid, "an unpaid user", "--mix unpaid");
    if (percent > 0 && kind === "no-stock") requireSome(pools.exhaustible, "an item", "--mix no-stock");
  }
  if (mix === undefined) requireSome(users, "a user", "produce");
  // Every kind except `unpaid` uses a paid user, so that it gets the verdict it is named for.
  else if ((mix.unpaid ?? 0) < 100) requireSome(pools.paid, "a paid user", "--mix");
  requireSome(items, "an item", "produce");
  return pools;
}

const HOW_TO_ADD = {
  "a user": "user add --user NAME --status paid",
  "a paid user": "user add --user NAME --status paid",
  "an unpaid user": "user add --user NAME --status unpaid",
  "an item": "inventory add --item NAME --quantity N",
} as const;

function requireSome(pool: readonly unknown[], what: keyof typeof HOW_TO_ADD, whose: string): void {
  if (pool.length > 0) return;
  throw new Failure(EXIT.config, `${whose} needs ${what}: deno task ${HOW_TO_ADD[what]}`);
}

/** Quantities go from 1 to this. */
const QUANTITIES = { plain: 3, mixed: 5, "no-stock": 5 };

function* plainOrders(options: SampleOptions, random: Random): Generator<SampleOrder, never> {
  const { users, items } = options;
  while (true) {
    const [user, item] = [pick(users, random).name, pick(items, random).name];
    yield { order: newOrder(options, { user, item, quantity: 1 + random(QUANTITIES.plain) }, random) };
  }
}

function* mixedOrders(options: SampleOptions, mix: Mix, pools: Pools, random: Random): Generator<SampleOrder, never> {
  const sent: Order[] = [];
  let goodOrders = 0;
  while (true) {
    const kind = pickKind(mix, random);
    if (kind === "duplicate" && sent.length > 0) {
      yield { order: pick(sent, random), kind };
      continue;
    }
    const order = newOrder(options, contentsOf(kind, pools, random), random);
    if (kind !== "good" && kind !== "duplicate") {
      yield { order, kind };
      continue;
    }
    sent[goodOrders++ % REMEMBERED] = order;
    yield { order, kind: "good" };
  }
}

function pickKind(mix: Mix, random: Random): MixKind | "good" {
  let left = random(1e9) / 1e7;
  for (const kind of MIX_KINDS) {
    left -= mix[kind] ?? 0;
    if (left < 0) return kind;
  }
  return "good";
}

type Contents = Pick<Order, "user" | "item" | "quantity">;

function contentsOf(kind: MixKind | "good", pools: Pools, random: Random): Contents {
  const good = (): Contents => ({
    user: pick(pools.paid, random).name,
    item: pick(pools.items, random).name,
    quantity: 1 + random(QUANTITIES.mixed),
  });
  switch (kind) {
    case "good":
    case "duplicate":
    case "poison":
      return good();
    case "unpaid":
      return { user: pick(pools.unpaid, random).name, item: pick(pools.items, random).name, quantity: 1 };
    case "unknown-user":
      return { ...good(), user: unknownName("nobody", pools.userNames, random) };
    case "unknown-item":
      return { ...good(), item: unknownName("nothing", pools.itemNames, random) };
    case "no-stock": {
      const item = pick(pools.exhaustible, random);
      return { ...good(), item: item.name, quantity: item.quantity + 1 + random(QUANTITIES["no-stock"]) };
    }
    default:
      return kind satisfies never;
  }
}

function newOrder({ newOrderId, now }: SampleOptions, contents: Contents, random: Random): Order {
  const own = OWN_FIELDS.map(({ name, samples }) => [name, pick(samples, random)]);
  return { order_id: newOrderId(), ...contents, created_at: now(), ...Object.fromEntries(own) };
}

function unknownName(stem: string, known: ReadonlySet<string>, random: Random): string {
  let name = `${stem}-${1 + random(100)}`;
  while (known.has(name)) name += "x";
  return name;
}

function pick<T>(pool: readonly T[], random: Random): T {
  return pool[random(pool.length)];
}

/** Whole numbers from 0 to below, the same ones for the same seed (FNV-1a into mulberry32). */
function randomFrom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) state = Math.imul(state ^ byte, 0x01000193);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}
