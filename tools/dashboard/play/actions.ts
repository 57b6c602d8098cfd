import type { PlayAction, PlayAnswer, StockBar } from "../snapshot.ts";

/** A consumer that the page has started. */
export type PlayConsumer = PlayAnswer["consumers"][number];

/** What the buttons depend on. */
export interface PlayView {
  users: readonly { name: string; status: string }[];
  items: readonly Pick<StockBar, "item" | "quantity">[];
  /** Oldest first. */
  consumers: readonly PlayConsumer[];
  /** Commands that are running, consumers aside. */
  running: number;
  /** Whether consumers are being stopped for a reset. */
  isResetting: boolean;
}

/** What a button does; `args` follow `deno task`. */
export type Step =
  | { kind: "task"; args: readonly string[] }
  | { kind: "consumer"; args: readonly string[] }
  | { kind: "signal"; signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"; consumer: PlayConsumer | undefined }
  | { kind: "reset"; stops: readonly PlayConsumer[]; args: readonly string[] };

export interface Action extends Omit<PlayAction, "command"> {
  step: Step;
}

/** Consumers at once: more than the topic has partitions, so that idle ones are seen. */
const MAX_CONSUMERS = 6;
const MAX_RUNNING = 3;
const USER = "bob";
/** What restocking adds. */
const SUPPLY = 100;

/** The buttons, in the order in which a learner might press them. */
export function actionsFor(view: PlayView): Action[] {
  return [...sendActions(), ...storeActions(view), ...consumerActions(view)].map((action) => ({
    ...action,
    disabled: action.disabled ?? busy(action.step, view),
  }));
}

function sendActions(): Action[] {
  const send = (flags: string): Step => ({ kind: "task", args: ["produce", ...flags.split(" ")] });
  return [
    {
      name: "send-10",
      label: "Send 10",
      hint: "Each goes to the partition of its item.",
      step: send("--count 10 --rate 5"),
    },
    {
      name: "send-1000",
      label: "Send 1,000",
      hint: "200 a second: lag grows where the consumer is slower.",
      step: send("--count 1000 --rate 200"),
    },
    {
      name: "one-key",
      label: "All with one key",
      hint: "A hundred orders, all in one partition: one lane is hot.",
      step: send("--count 100 --rate 50 --key same"),
    },
    {
      name: "poison",
      label: "Send poison",
      hint: "Not an order: it becomes a dead letter, and nothing stops.",
      step: send("--count 1 --mix poison=100"),
    },
  ];
}

function storeActions({ users, items }: PlayView): Action[] {
  const user = users.find(({ name }) => name === USER);
  const status = user?.status === "paid" ? "unpaid" : "paid";
  const least = items.toSorted((left, right) => left.quantity - right.quantity).at(0);
  return [
    {
      name: "pay-bob",
      label: `Set ${USER} ${status}`,
      hint: status === "paid"
        ? "From now on his orders are accepted."
        : "From now on his orders are rejected, as unpaid-user.",
      step: { kind: "task", args: ["user", "update", "--user", USER, "--status", status] },
      disabled: user === undefined ? `There is no user ${USER}: deno task bootstrap adds the sample users.` : undefined,
    },
    {
      name: "restock",
      label: least === undefined ? "Restock" : `Restock ${least.item}`,
      hint: `${SUPPLY} more of what there is least of.`,
      step: {
        kind: "task",
        args: [
          "inventory",
          "update",
          ...flag("--item", least?.item ?? "book"),
          ...flag("--quantity", String((least?.quantity ?? 0) + SUPPLY)),
        ],
      },
      disabled: least === undefined ? "There is no item: deno task bootstrap adds the sample items." : undefined,
    },
  ];
}

function consumerActions({ consumers }: PlayView): Action[] {
  const live = consumers.filter(({ state }) => state !== "ended");
  const newest = (state: PlayConsumer["state"]) => live.findLast((consumer) => consumer.state === state);
  const [running, paused] = [newest("running"), newest("paused")];
  const signal = (signal: "SIGKILL" | "SIGSTOP" | "SIGCONT", consumer: PlayConsumer | undefined): Step => (
    { kind: "signal", signal, consumer }
  );
  return [
    {
      name: "add-consumer",
      label: "Add a consumer",
      hint: "Partitions are shared out anew; a storage folder takes one.",
      step: { kind: "consumer", args: ["consume"] },
      disabled: live.length >= MAX_CONSUMERS ? `${MAX_CONSUMERS} are enough: kill one first.` : undefined,
    },
    {
      name: "kill",
      label: "Kill one",
      hint: "Without goodbye: the group notices by missing heartbeats.",
      step: signal("SIGKILL", running ?? paused),
      disabled: live.length === 0 ? "The page has started no consumer." : undefined,
    },
    {
      name: "pause",
      label: "Pause one",
      hint: "Frozen: without heartbeats it soon loses its partitions.",
      step: signal("SIGSTOP", running),
      disabled: running === undefined ? "No consumer of the page is running." : undefined,
    },
    {
      name: "resume",
      label: "Resume it",
      hint: "It goes on, and joins again if it was given up.",
      step: signal("SIGCONT", paused),
      disabled: paused === undefined ? "No consumer is paused." : undefined,
    },
    {
      name: "reset",
      label: "Reset to earliest",
      hint: "Stops these; one reads all again, nothing is deducted twice.",
      step: { kind: "reset", stops: live, args: ["consume", "--reset", "--reset-to", "earliest"] },
    },
  ];
}

/** Why the button has to wait. */
function busy({ kind }: Step, { running, isResetting }: PlayView): string | undefined {
  if (kind === "task") return running >= MAX_RUNNING ? "Wait until one of the running commands has ended." : undefined;
  return isResetting ? "Wait until the consumers have stopped for the reset." : undefined;
}

/** A flag and its value; in one word where the value could be taken for a flag. */
function flag(name: string, value: string): string[] {
  return value.startsWith("-") ? [`${name}=${value}`] : [name, value];
}
