import type { Page } from "playwright-core";
import { object } from "@optique/core/constructs";
import { main } from "../../lib/cli/main.ts";
import { parseArgs } from "../../lib/cli/parse.ts";
import { print } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { CHROMIUM, openPage, type PageSettings, withBrowser } from "../support/browser.ts";
import { ownWorld, startTask, task } from "../support/commands.ts";
import { Dashboard } from "../support/dashboard.ts";
import { withDatabaseStack } from "../support/stack.ts";

const IMAGES = `${CHECKOUT}/docs/images`;
/** Enough for some minutes; the pen runs out while the pictures are taken. */
const STOCK = { book: 60_000, pen: 5_000, notebook: 20_000 };
const DESKTOP = { width: 1280, height: 960 };
const ORDERS = "--count 0 --rate 60 --key none --seed screenshots --mix unpaid=9,unknown-user=2,duplicate=1,poison=1";

/**
 * Makes the pictures of the dashboard in docs/images, from a real stack with consumers that come and die.
 *
 * Permissions: run deno and a browser, env, sys, net, read and write.
 */
export async function run(args: readonly string[]): Promise<number> {
  parseArgs(object({}), args, {
    name: "screenshots",
    brief: "Makes the pictures of the dashboard in docs/images anew, from a throw-away stack. It takes three minutes.",
    examples: ["deno task screenshots"],
  });
  if (CHROMIUM === undefined) {
    throw new Failure(EXIT.config, "There is no chromium on the path: apt-get install -y chromium");
  }
  Deno.mkdirSync(IMAGES, { recursive: true });
  await withDatabaseStack(async (stack) => {
    using world = ownWorld();
    const env = { ...world.env, ...stack, ORDERS_TOPIC: "orders", CONSUMER_GROUP_ID: "order-processor" };
    await task("bootstrap", [], env);
    for (const [item, quantity] of Object.entries(STOCK)) {
      await task("inventory", ["update", "--item", item, "--quantity", `${quantity}`], env);
    }
    await using dashboard = await Dashboard.start(["--play"], env);
    await withBrowser(async (browser) => {
      const open = async (settings: PageSettings) => (await openPage(browser, dashboard.address, settings)).page;
      await takeAll(open, (orders) => startTask("produce", orders.split(" "), env));
    });
  });
  return EXIT.ok;
}

type Open = (settings: PageSettings) => Promise<Page>;

async function takeAll(open: Open, produce: (flags: string) => AsyncDisposable): Promise<void> {
  const page = await open(DESKTOP);
  const press = (name: string) => page.getByRole("button", { name }).click();
  const pass = (seconds: number) => page.waitForTimeout(1_000 * seconds);
  await press("Add a consumer");
  await pass(8);
  await using _ = produce(ORDERS);
  await pass(25);
  await press("Add a consumer");
  await pass(30);
  await press("Kill one");
  await pass(25);
  await press("Add a consumer");
  await pass(20);
  await press("Add a consumer");
  await pass(25);
  const story = await open({ width: 1100, height: 640 });
  await story.getByLabel("only rejected").check();
  await story.locator("#orders button").nth(3).click();
  await story.waitForTimeout(1_500);
  await take(story, "dashboard-why");
  await press("Kill one");
  await pass(6);
  await take(page, "dashboard");
  const dark = await open({ ...DESKTOP, scheme: "dark" });
  await dark.waitForTimeout(1_500);
  await take(dark, "dashboard-dark");
  const phone = await open({ width: 390, height: 844 });
  await phone.waitForTimeout(1_500);
  await take(phone, "dashboard-phone");
}

async function take(page: Page, name: string): Promise<void> {
  const { length } = await page.screenshot({ path: `${IMAGES}/${name}.png` });
  print(`docs/images/${name}.png  ${Math.round(length / 1_000)} kB`);
}

if (import.meta.main) await main(run);
