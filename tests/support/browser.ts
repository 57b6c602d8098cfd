import type { Browser, Page } from "playwright-core";
import { eventually } from "./commands.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser on the path; undefined if there is none. */
export const CHROMIUM: string | undefined = (Deno.env.get("PATH") ?? "").split(":")
  .flatMap((folder) => NAMES.map((name) => `${folder}/${name}`))
  .find(isFile);

/** What a test says in its name that is skipped for want of one. */
export const BROWSER_REMEDY = CHROMIUM === undefined ? " (skipped: apt-get install -y chromium)" : "";

/** A test that needs a browser; without one it is skipped, and its name says what to install. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${BROWSER_REMEDY}`, ignore: CHROMIUM === undefined, fn });
}

export interface PageSettings {
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
  reducedMotion?: "reduce" | "no-preference";
}

/** A page, and what the browser had to complain of: errors, refused content, requests to elsewhere. */
export interface OpenPage {
  page: Page;
  complaints: string[];
}

/**
 * Opens `address` in a browser, hands the page to `work` and closes it.
 *
 * Permissions: run the browser, read, write, env, sys.
 */
export async function withPage<T>(
  address: string,
  settings: PageSettings,
  work: (open: OpenPage) => Promise<T>,
): Promise<T> {
  return await withBrowser(async (browser) => {
    const open = await openPage(browser, address, settings);
    return await work(open);
  });
}

/** Starts a browser for `work`. */
export async function withBrowser<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
  const { chromium } = await playwright();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }); // root has no sandbox
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Playwright looks below /proc for Windows as it is loaded, which Deno lets nobody do who may not do everything; with this
 * variable it does not look.
 */
async function playwright(): Promise<typeof import("playwright-core")> {
  Deno.env.set("__IS_WSL_TEST__", "1");
  return await import("playwright-core");
}

/** One more page in the browser. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1440, height = 1000, scheme = "light", reducedMotion = "no-preference" }: PageSettings = {},
): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, reducedMotion });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "log") complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const { origin } = new URL(address);
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) complaints.push(`request: ${url}`);
  });
  await page.goto(address);
  return { page, complaints };
}

/** Waits until the page shows a text. */
export async function reads(page: Page, selector: string, text: RegExp): Promise<void> {
  await eventually(`${selector} reads ${text}`, async () => text.test(await page.locator(selector).innerText()));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
