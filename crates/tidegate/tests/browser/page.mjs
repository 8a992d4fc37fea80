// Opens a page from its file as readers do, and says what is wrong with it.
//
//   node page.mjs PEERS CHROMIUM PAGE [FOLDER FOR SCREENSHOTS]
//
// Prints one JSON object for each way of looking at it.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [peers, executablePath, file, shots] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { chromium } = require(join(peers, "npm/playwright-core/node_modules/playwright-core"));
const axe = readFileSync(join(peers, "npm/axe-core/node_modules/axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(file).href;

// In containers, where tests often run, the sandbox of Chromium has no user namespaces.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    // Without scripts the page is the same, so that once is enough.
    for (const javaScriptEnabled of colorScheme === "dark" && width === 360 ? [true, false] : [true]) {
      const viewport = { width, height: 900 };
      const context = await browser.newContext({ colorScheme, viewport, javaScriptEnabled });
      const page = await context.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("request", (request) => request.url() !== url && errors.push(`asks for ${request.url()}`));
      await page.goto(url);
      const name = `${colorScheme}-${width}${javaScriptEnabled ? "" : "-without-scripts"}`;
      if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
      const text = await page.locator("body").innerText();
      let violations = [];
      let wide = 0;
      if (javaScriptEnabled) {
        // Everything that can be opened counts, too.
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
        if (shots) await page.screenshot({ path: join(shots, `${name}-open.png`), fullPage: true });
        wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        // Words that break into letters make a column of them.
        const thin = await page.evaluate(
          () => [...document.querySelectorAll("td,dd,p")].filter((e) => e.innerText && e.clientWidth < 100).length,
        );
        if (thin > 0) errors.push(`${thin} columns are too narrow to be read`);
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run(document));
        violations = result.violations
          .filter((v) => v.impact === "serious" || v.impact === "critical")
          .map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html) }));
      }
      console.log(JSON.stringify({ name, errors, violations, wide, length: text.length }));
      await context.close();
    }
  }
}
await browser.close();
