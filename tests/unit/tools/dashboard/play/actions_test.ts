import assert from "node:assert/strict";
import {
  type Action,
  actionsFor,
  type PlayConsumer,
  type PlayView,
} from "../../../../../tools/dashboard/play/actions.ts";

const VIEW: PlayView = {
  users: [{ name: "bob", status: "unpaid" }],
  items: [{ item: "pen", quantity: 50 }, { item: "book", quantity: 10 }],
  consumers: [],
  running: 0,
  isResetting: false,
};

function action(name: string, changes: Partial<PlayView> = {}): Action {
  return actionsFor({ ...VIEW, ...changes }).find((action) => action.name === name)!;
}

function consumer(id: string, state: PlayConsumer["state"]): PlayConsumer {
  return { id, state, pid: Number(id.slice(1)) };
}

function argsOf({ step }: Action): readonly string[] {
  return "args" in step ? step.args : [];
}

Deno.test("actionsFor() has a button for each thing to see, and one name for each", { permissions: "none" }, () => {
  const names = actionsFor(VIEW).map(({ name }) => name);
  assert.deepEqual(
    names,
    "send-10 send-1000 one-key poison pay-bob restock add-consumer kill pause resume reset".split(" "),
  );
  for (const { hint } of actionsFor(VIEW)) assert.ok(hint.length <= 60, hint);
});

Deno.test(
  "actionsFor() sets bob to what he is not, and offers nothing where there is no bob",
  { permissions: "none" },
  () => {
    assert.deepEqual([action("pay-bob").label, argsOf(action("pay-bob")).at(-1)], ["Set bob paid", "paid"]);
    const paid = action("pay-bob", { users: [{ name: "bob", status: "paid" }] });
    assert.deepEqual([paid.label, argsOf(paid).at(-1)], ["Set bob unpaid", "unpaid"]);
    assert.match(action("pay-bob", { users: [] }).disabled!, /deno task bootstrap/);
    assert.match(action("restock", { items: [] }).disabled!, /deno task bootstrap/);
  },
);

Deno.test("actionsFor() restocks what there is least of, whatever it is called", { permissions: "none" }, () => {
  assert.deepEqual(argsOf(action("restock")), ["inventory", "update", "--item", "book", "--quantity", "110"]);
  const odd = action("restock", { items: [{ item: "--storage=/x", quantity: 0 }] });
  assert.deepEqual(argsOf(odd), ["inventory", "update", "--item=--storage=/x", "--quantity", "100"]);
});

Deno.test("actionsFor() kills and freezes the newest that is running, and continues the one that is frozen", {
  permissions: "none",
}, () => {
  const target = (name: string, consumers: PlayConsumer[]) => {
    const { step, disabled } = action(name, { consumers });
    return disabled === undefined && step.kind === "signal" ? `${step.signal} ${step.consumer?.id}` : "nothing";
  };
  const [one, two, three] = [consumer("c1", "running"), consumer("c2", "paused"), consumer("c3", "ended")];
  const all = (consumers: PlayConsumer[]) => ["kill", "pause", "resume"].map((name) => target(name, consumers));
  assert.deepEqual(all([]), ["nothing", "nothing", "nothing"]);
  assert.deepEqual(all([three]), ["nothing", "nothing", "nothing"]);
  assert.deepEqual(all([one, two, three]), ["SIGKILL c1", "SIGSTOP c1", "SIGCONT c2"]);
  assert.deepEqual(all([two]), ["SIGKILL c2", "nothing", "SIGCONT c2"]);
  assert.deepEqual(all([one, consumer("c4", "running")]), ["SIGKILL c4", "SIGSTOP c4", "nothing"]);
});

Deno.test("actionsFor() bounds what runs at once", { permissions: "none" }, () => {
  const six = Array.from({ length: 6 }, (_, index) => consumer(`c${index}`, "running"));
  assert.match(action("add-consumer", { consumers: six }).disabled!, /kill one first/);
  assert.equal(action("add-consumer", { consumers: [...six.slice(1), consumer("c9", "ended")] }).disabled, undefined);
  assert.match(action("send-10", { running: 3 }).disabled!, /Wait/);
  assert.equal(action("kill", { running: 3, consumers: six }).disabled, undefined);
  for (const name of ["add-consumer", "kill", "pause", "reset"]) {
    assert.match(action(name, { isResetting: true, consumers: six.slice(1) }).disabled!, /Wait/, name);
  }
});
