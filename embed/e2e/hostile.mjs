// The chat in a real browser, against a real server, on host pages that mean it ill.
//
//   SORTIE_URL=http://127.0.0.1:7717 SORTIE_KEY=… CHROMIUM=/usr/bin/chromium node e2e/hostile.mjs [folder for pictures]
//
// The server needs the model `scripted/demo`. What it makes there (an agent, deployments) it archives at the end.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const server = process.env.SORTIE_URL ?? "http://127.0.0.1:7717";
const key = process.env.SORTIE_KEY ?? "";
const pictures = process.argv[2];
if (pictures) mkdirSync(pictures, { recursive: true });

async function ask(path, body, method = body ? "POST" : "GET") {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(server + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A site: its pages, and the headers that they come with. */
async function site(pages) {
  const listening = createServer((request, response) => {
    const page = pages[new URL(request.url, "http://x").pathname];
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", ...page?.headers });
    response.end(page?.html ?? "");
  });
  await new Promise((ready) => listening.listen(0, "127.0.0.1", ready));
  return { origin: `http://127.0.0.1:${listening.address().port}`, close: () => listening.close() };
}

const agent = (await ask("/v1/agents", { name: "Embed check", model: "scripted/demo" })).id;
const made = [];
async function embed(trigger) {
  const new_ = { name: "Help desk", agent, trigger: { type: "embed", ...trigger } };
  const { id } = await ask("/v1/deployments", new_);
  made.push(id);
  return id;
}

const script = (id, more = "") => `<script async src="${server}/embed/modal.js" data-deployment="${id}" ${more}></script>`;
const HOSTILE_STYLE = `<style>
  * { all: unset !important; display: none !important; visibility: hidden !important; color: red !important }
  html, body, p { display: block !important; visibility: visible !important }
  div, button, iframe { transform: scale(0) !important; opacity: 0 !important; pointer-events: none !important }
</style>`;
/** What a page does that wants to read along or to make trouble. */
const HOSTILE_SCRIPT = `
  window.heard = [];
  addEventListener("message", (event) => window.heard.push(JSON.stringify(event.data)));
  Object.prototype.polluted = "x";
  Array.prototype.evil = () => {};
  window.onerror = (message) => window.heard.push("error " + message);
`;

const pages = {};
const good = await site(pages);
const bad = await site(pages);
const starters = ["What can you do?", "say **bold** and [a link](https://example.org)"];
const open = await embed({ greeting: "Hello! How can I help?", starters, color: "#0b7a4b", position: "left" });
const dark = await embed({ theme: "dark", color: "#ffd24a", greeting: "Good **evening**." });
const listed = await embed({ secure: true, allowed_origins: [good.origin], greeting: "Dear customer" });
const paused = await embed({});
await ask(`/v1/deployments/${paused}/pause`, {});
const mint = async (seconds) =>
  (await ask("/api/assistants/embed/token/create", { deployment_key: listed, expires_in_seconds: seconds })).token;

const host = new URL(server).origin;
const strict = {
  "content-security-policy": `default-src 'none'; script-src ${host}; frame-src ${host}; style-src 'none'`,
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-opener-policy": "same-origin",
};
pages["/plain"] = { html: `<!doctype html><p>A page.</p>${script(open)}` };
pages["/dark"] = { html: `<!doctype html><p>A page.</p>${script(dark)}` };
pages["/strict"] = { html: `<!doctype html><p>A page.</p>${script(open)}`, headers: strict };
pages["/hostile"] = { html: `<!doctype html>${HOSTILE_STYLE}<p>A page.</p><script>${HOSTILE_SCRIPT}</script>${script(open)}` };
pages["/listed"] = { html: `<!doctype html><p>A page.</p><script async id="s" src="${host}/embed/modal.js"></script>` };
pages["/paused"] = { html: `<!doctype html><p>A page.</p>${script(paused)}` };
pages["/frame"] = { html: `<!doctype html><iframe src="${host}/embed/chat/v2/${open}" width="400" height="600"></iframe>` };
pages["/frame-listed"] = { html: `<!doctype html><iframe src="${host}/embed/chat/v2/${listed}" width="400" height="600"></iframe>` };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run"],
});

/** A page of a fresh browser, and everything that went wrong in it. */
async function visit(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(`${error}`));
  page.on("dialog", (dialog) => wrong.push(`dialog ${dialog.message()}`) && dialog.dismiss());
  await page.goto(url);
  return { page, wrong, context };
}

/** The frame of the chat, once it is there. */
async function panel(page) {
  const frame = await until(() => page.frames().find((frame) => frame.url().includes("/embed/chat/v2/")));
  await frame.waitForSelector(".panel");
  return frame;
}

/** What is true at last; fails after fifteen seconds. */
async function until(look) {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error(`not in time: ${look}`);
}

/** Opens the chat by its button, as a person does: what floats in a closed shadow is found by where it is. */
async function openChat(page, left = false) {
  const frame = await panel(page);
  await page.waitForTimeout(300);
  const { width, height } = page.viewportSize();
  await page.mouse.click(left ? 48 : width - 48, height - 48);
  await frame.locator("#say").waitFor({ state: "visible" });
  return frame;
}

/** Says something, once the answer before is there. */
async function say(frame, text) {
  await frame.locator("button[aria-label=Send]").waitFor();
  await frame.locator("#say").fill(text);
  await frame.locator("#say").press("Enter");
}

const answers = (frame) => frame.locator("article.agent .prose").allTextContents();
const answered = (frame, text) => until(async () => (await answers(frame)).some((said) => said.includes(text)));
const picture = (page, name) => pictures && page.screenshot({ path: `${pictures}/${name}.png` });

const checks = {
  async "a conversation, kept over a reload, in both themes"() {
    const { page, wrong } = await visit(`${good.origin}/plain`);
    let frame = await openChat(page, true);
    await picture(page, "light-empty");
    await frame.locator(".starters button").first().click();
    await answered(frame, "You said: What can you do?");
    await say(frame, "say Here is **bold**, `code` and [a link](https://example.org). [x](javascript:alert(1))");
    await answered(frame, "Here is bold");
    const link = frame.locator("article.agent a");
    assert.equal(await link.count(), 1);
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer nofollow ugc");
    await picture(page, "light");
    const spoken = await frame.locator("[aria-live=polite]").textContent();
    assert.ok(spoken.includes("Here is bold, code and a link."), spoken);
    await page.reload();
    frame = await openChat(page, true);
    await answered(frame, "You said: What can you do?");
    await answered(frame, "Here is bold");
    // Another deployment knows nothing of it.
    await page.goto(`${good.origin}/dark`);
    frame = await openChat(page);
    assert.deepEqual(await answers(frame), ["Good evening."]);
    await say(frame, "say A list:\n- one");
    await answered(frame, "A list:");
    await picture(page, "dark");
    assert.deepEqual(wrong, []);
  },

  async "the keyboard alone"() {
    const { page, wrong } = await visit(`${good.origin}/plain`);
    const frame = await panel(page);
    await page.waitForTimeout(300);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await until(() => frame.evaluate(() => document.activeElement?.id === "say"));
    await page.keyboard.type("say by keys");
    await page.keyboard.press("Enter");
    await answered(frame, "by keys");
    await page.keyboard.press("Escape");
    await until(async () => !(await frame.locator("#say").isVisible()));
    await page.keyboard.press("Enter");
    await frame.locator("#say").waitFor({ state: "visible" });
    assert.deepEqual(wrong, []);
  },

  async "an answer is stopped"() {
    const { page } = await visit(`${good.origin}/plain`);
    const frame = await openChat(page, true);
    await frame.locator("#say").fill("delay 400\nsay one two three four five six seven eight nine ten");
    await frame.locator("#say").press("Enter");
    await answered(frame, "one two");
    await picture(page, "streaming");
    await frame.locator("button[aria-label='Stop the answer']").click();
    await frame.locator(".note", { hasText: "You stopped" }).waitFor();
    await frame.locator("button[aria-label=Send]").waitFor();
  },

  async "a strict policy of the page around"() {
    const { page, wrong } = await visit(`${good.origin}/strict`);
    const frame = await openChat(page, true);
    await say(frame, "say strict");
    await answered(frame, "strict");
    assert.deepEqual(wrong, []);
  },

  async "a page that means ill: neither broken nor read"() {
    const { page, wrong } = await visit(`${good.origin}/hostile`);
    const frame = await openChat(page, true);
    await say(frame, "say secret word");
    await answered(frame, "secret word");
    await picture(page, "hostile");
    const reads = await page.evaluate(() => {
      const seen = [];
      for (const get of [() => window[0].document, () => window[0].localStorage, () => document.querySelector("iframe")]) {
        try {
          seen.push(get());
        } catch {
          seen.push(null);
        }
      }
      return { seen: seen.map((thing) => thing === null || thing === undefined), heard: window.heard.join("\n") };
    });
    assert.deepEqual(reads.seen, [true, true, true]);
    assert.ok(!reads.heard.includes("secret") && !reads.heard.includes("error"), reads.heard);
    assert.deepEqual(wrong, []);
  },

  async "hostile texts come out as texts"() {
    const { page, wrong } = await visit(`${good.origin}/frame`);
    const frame = await panel(page);
    const texts = [
      "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "[x](javascript:alert(1))",
      "<iframe srcdoc='<script>alert(1)</script>'>", "![x](https://evil.test/x.png)", "<style>*{display:none}</style>",
      "</textarea></script><script>alert(1)</script>", "<a href='javascript:alert(1)'>x</a>",
    ];
    for (const [at, text] of texts.entries()) {
      await say(frame, `say n${at} ${text}`);
      await answered(frame, `n${at} `);
      await frame.locator("button[aria-label=Send]").waitFor();
    }
    const elements = await frame.locator(".transcript").evaluate((root) =>
      [...root.querySelectorAll("script, img, iframe, style, svg, form, object, a[href^='javascript' i]")].length);
    assert.equal(elements, 0);
    assert.deepEqual(wrong, []);
  },

  async "a wrong origin, and a paused chat: nothing is shown"() {
    for (const url of [`${bad.origin}/listed`, `${good.origin}/paused`]) {
      const { page } = await visit(url);
      const token = await mint(600);
      if (url.endsWith("listed")) {
        await page.waitForFunction(() => window.Sortie);
        await page.evaluate(([deployment, token]) => void Sortie.openChat({ deployment, token }), [listed, token]);
      }
      await page.waitForTimeout(1_500);
      const shown = await Promise.all(page.frames().slice(1).map((frame) => frame.content().catch(() => "")));
      assert.ok(shown.every((html) => !html.includes("class=\"panel\"") && !html.includes("Dear customer")), shown.join());
    }
  },

  async "verified visitors alone: without a token, with one, with a fresh one"() {
    const { page } = await visit(`${good.origin}/frame-listed`);
    await page.waitForTimeout(500);
    const bare = await page.frames()[1].content();
    assert.ok(bare.includes("needs a visitor") && !bare.includes("Dear customer"), bare);
    await picture(page, "no-token");

    const next = await visit(`${good.origin}/listed`);
    await next.page.waitForFunction(() => window.Sortie);
    const tokens = [await mint(60), await mint(3_600)];
    await next.page.evaluate(([deployment, tokens]) => {
      window.asked = 0;
      Sortie.openChat({ deployment, token: () => tokens[Math.min(window.asked++, 1)] });
    }, [listed, tokens]);
    const frame = await panel(next.page);
    assert.ok(!frame.url().includes("token"), "the token is in no address");
    await say(frame, "say verified");
    await answered(frame, "verified");
    // A token that ends while the chat is open is renewed by the page, and nothing is lost.
    if (process.env.SORTIE_PATIENT) {
      await until(() => next.page.evaluate(() => window.asked > 1 || undefined)).catch(() => {});
      await next.page.waitForTimeout(62_000);
      await say(frame, "say still here");
      await answered(frame, "still here");
      assert.ok((await answers(frame)).some((said) => said.includes("verified")));
    }
  },

  async "a line that breaks loses nothing"() {
    const { page, context } = await visit(`${good.origin}/frame`);
    const frame = await panel(page);
    await say(frame, "say before");
    await answered(frame, "before");
    await context.setOffline(true);
    await say(frame, "say lost?");
    await frame.locator(".unsent").waitFor();
    await picture(page, "offline");
    await context.setOffline(false);
    await frame.locator(".unsent button").click();
    await answered(frame, "lost?");
    assert.equal((await answers(frame)).filter((said) => said.includes("lost?")).length, 1);
    assert.equal(await frame.locator("article.visitor").count(), 2);
  },

  async "a phone"() {
    const { page, wrong } = await visit(`${good.origin}/plain`, { viewport: { width: 375, height: 667 } });
    const frame = await openChat(page, true);
    await say(frame, "say on a phone");
    await answered(frame, "on a phone");
    const { width, height } = await frame.evaluate(() => ({ width: innerWidth, height: innerHeight }));
    assert.deepEqual([width, height], [375, 667]);
    await picture(page, "phone");
    assert.deepEqual(wrong, []);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
for (const id of made) await ask(`/v1/deployments/${id}/archive`, {});
await ask(`/v1/agents/${agent}/archive`, {});
good.close();
bad.close();
process.exit(failed ? 1 : 0);
