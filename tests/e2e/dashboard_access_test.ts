import assert from "node:assert/strict";
import { browserTest, openPage, reads, withBrowser, withPage } from "../support/browser.ts";
import { eventually } from "../support/commands.ts";
import { hasDrawn, SamplePage } from "../support/sample_page.ts";

const WIDTHS = [390, 820, 1440];
const SCHEMES = ["light", "dark"] as const;

for (const width of WIDTHS) {
  browserTest(
    `at ${width} pixels, light and dark, the page fits, can be read, and the browser has nothing to complain of`,
    async () => {
      await using sample = new SamplePage({ isPlay: true, seconds: 200, members: 4 });
      await withBrowser(async (browser) => {
        for (const scheme of SCHEMES) {
          const { page, complaints } = await openPage(browser, sample.address, { width, scheme });
          sample.next();
          await hasDrawn(page, sample);
          await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
          sample.next();
          await hasDrawn(page, sample);
          assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), scheme);
          assert.deepEqual(await page.evaluate(LOW_CONTRAST), [], scheme);
          sample.next({ members: [], groupState: "Empty" });
          await reads(page, "#state", /No consumer is running/);
          assert.deepEqual(await page.evaluate(LOW_CONTRAST), [], scheme);
          assert.deepEqual(complaints, [], scheme);
          await page.close();
        }
      });
    },
  );
}

/** Texts with less contrast to what is behind them than WCAG 2 asks for at level AA. */
const LOW_CONTRAST = `(() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || !element.checkVisibility() || element.closest("script")) continue;
    for (let one = element; one !== null; one = one.parentElement) {
      if (getComputedStyle(one).opacity !== "1") low.push(one.className + " lets what is behind it through");
    }
    const style = getComputedStyle(element);
    const isSvg = element instanceof SVGElement;
    if (isSvg && element.classList.contains("owned-letter")) continue; // on a bar, which the badges are the measure of
    const [one, other] = [light(parse(isSvg ? style.fill : style.color)), light(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) low.push(element.tagName + "." + element.getAttribute("class") + " " + walker.currentNode.data + " " + ratio.toFixed(2));
  }
  return [...new Set(low)];
})()`;

browserTest("everything can be reached by the keyboard, and what has the focus is seen to have it", async () => {
  await using sample = new SamplePage({ isPlay: true });
  await withPage(sample.address, {}, async ({ page, complaints }) => {
    sample.next();
    await hasDrawn(page, sample);
    await reads(page, "#actions", /Reset to earliest/);
    const reached: string[] = [];
    for (let press = 0; press < 200; press++) {
      await page.keyboard.press("Tab");
      const { name, outline } = await page.evaluate(`(() => {
        const { id, tagName, className, textContent } = document.activeElement;
        return {
          name: tagName + " " + (id || className) + " " + textContent.trim().slice(0, 30),
          outline: getComputedStyle(document.activeElement).outlineStyle,
        };
      })()`) as { name: string; outline: string };
      if (name.startsWith("BODY")) break;
      assert.notEqual(outline, "none", name);
      reached.push(name);
    }
    const all = reached.join("\n");
    for (
      const one of [
        "Skip to",
        "What am I",
        "as a table",
        "rate-chart",
        "search",
        "only-rejected",
        "Send 10",
        "Kill one",
      ]
    ) {
      assert.ok(all.includes(one), `${one} in\n${all}`);
    }
    assert.equal(reached.filter((name) => name.startsWith("BUTTON link")).length, sample.feed.snapshot!.orders.length);
    assert.deepEqual(complaints, []);
  });
});

browserTest("the chart is read with the arrow keys", async () => {
  await using sample = new SamplePage({});
  await withPage(sample.address, {}, async ({ page }) => {
    sample.next();
    await hasDrawn(page, sample);
    const latest = await page.locator("#rate-at").innerText();
    await page.locator("#rate-chart").focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowLeft");
    await eventually("an earlier time", async () => await page.locator("#rate-at").innerText() < latest);
  });
});

browserTest("a screen reader finds landmarks, headings, and a table for each chart", async () => {
  await using sample = new SamplePage({ isPlay: true });
  await withPage(sample.address, {}, async ({ page }) => {
    sample.next();
    await hasDrawn(page, sample);
    await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    sample.next();
    await hasDrawn(page, sample);
    const tree = await page.locator("body").ariaSnapshot();
    const parts = [
      "banner:",
      "main:",
      'heading "Order pipeline" [level=1]',
      ...["Partitions", "Try it", "The last ten minutes", "Orders", "Dead letters", "Stock", "Users", "Schema versions"]
        .flatMap((name) => [`heading "${name}" [level=2]`, `region "${name}"`]),
      "status",
      "search:",
      'columnheader "Committed"',
      'columnheader "Time to empty"',
      'columnheader "Reasons"',
      'columnheader "What happened"',
      /rowheader "book"/,
      /button "Kill one"/,
      /list "Services"/,
    ];
    for (const part of parts) assert.match(tree, part instanceof RegExp ? part : new RegExp(RegExp.escape(part)));
  });
});

browserTest("a live region tells the state when it changes, and not more often than each ten seconds", async () => {
  await using sample = new SamplePage({});
  await withPage(sample.address, {}, async ({ page }) => {
    await page.clock.install();
    await page.reload();
    sample.next();
    await reads(page, "#announcer", /2 consumers read/);
    const region = page.locator("#announcer");
    assert.equal(await region.getAttribute("role"), "status");
    sample.next({ members: [] });
    await page.clock.runFor(2_000);
    await reads(page, "#state-text", /^No consumer/);
    assert.match(await region.innerText(), /2 consumers read/);
    await page.clock.runFor(4_000);
    sample.next({ members: [] });
    await page.clock.runFor(6_000);
    await eventually("the new state", async () => {
      sample.next({ members: [] });
      await page.clock.runFor(1_000);
      return /^No consumer/.test(await region.innerText());
    });
  });
});

browserTest("with reduced motion nothing moves by itself", async () => {
  await using sample = new SamplePage({});
  await withPage(sample.address, { reducedMotion: "reduce" }, async ({ page }) => {
    sample.next();
    await hasDrawn(page, sample);
    const moving = `[...document.querySelectorAll("*")]
      .filter((one) => getComputedStyle(one).transitionProperty !== "none" && getComputedStyle(one).transitionDuration !== "0s").length`;
    assert.equal(await page.evaluate(moving), 0);
  });
});

browserTest("nothing on the page jumps when pictures come, and after a thousand it has not grown", async () => {
  await using sample = new SamplePage({ seconds: 30, isPlay: true });
  await withPage(sample.address, {}, async ({ page, complaints }) => {
    const cdp = await page.context().newCDPSession(page);
    const counts = async () => {
      await cdp.send("HeapProfiler.collectGarbage");
      const { metrics } = await cdp.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
      return { nodes: of("Nodes"), listeners: of("JSEventListeners") };
    };
    await cdp.send("Performance.enable");
    await page.addInitScript(`jump = 0; new PerformanceObserver((list) => {
      for (const { value } of list.getEntries()) jump = Math.max(jump, value);
    }).observe({ type: "layout-shift", buffered: true })`);
    await page.reload();
    await hasDrawn(page, sample);
    const show = async (pictures: number) => {
      for (let picture = 0; picture < pictures; picture++) {
        if (picture % 100 === 40) sample.pictures.join();
        if (picture % 100 === 90) sample.pictures.leave("died");
        sample.next();
        if (picture % 10 === 9) await hasDrawn(page, sample);
      }
    };
    await show(650);
    const before = await counts();
    await show(1_500);
    const after = await counts();
    assert.ok(after.nodes < before.nodes * 1.1, JSON.stringify({ before, after }));
    assert.ok(after.listeners < before.listeners * 1.1, JSON.stringify({ before, after }));
    const jump = await page.evaluate("jump") as number; // a row that moves the page by its height is 0.03
    assert.ok(jump < 0.01, `${jump}`);
    assert.deepEqual(complaints, []);
  });
});
