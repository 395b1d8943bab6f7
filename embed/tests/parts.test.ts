import { expect, test } from "vitest";
import css from "../src/panel/panel.css?raw";
import { contrast, readableOn, textOn } from "../src/panel/color";
import { isAllowed } from "../src/panel/parent";
import { renewedSecret, secretOf } from "../src/panel/secret";
import { type Change, fold, NOTHING_SAID } from "../src/panel/conversation";
import { Sentences, spoken } from "../src/panel/sentences";
import { Reader } from "../src/panel/spoken";
import { Frames, told } from "../src/panel/sse";

test("a stream is read however it is cut", () => {
  const text = 'id: e1\nevent: message\ndata: {"id":"e1","text":"zwölf 🙂"}\n\n: draining\n\nevent: ping\ndata: {}\n\nevent: void\nid: e2\ndata: null\n\n';
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size < bytes.length; size += 1) {
    const frames = new Frames();
    const all = [];
    for (let at = 0; at < bytes.length; at += size) all.push(...frames.push(bytes.subarray(at, at + size)));
    expect(all.map(({ id, event }) => [id, event])).toEqual([["e1", "message"], [null, "ping"], ["e2", "void"]]);
    expect(all.map(told)).toEqual([
      { type: "message", message: { id: "e1", text: "zwölf 🙂" } },
      null,
      { type: "void" },
    ]);
  }
});

test("a screen reader is told sentences, each once", () => {
  const sentences = new Sentences();
  expect(sentences.take("One is", false)).toEqual([]);
  expect(sentences.take("One is done. Two", false)).toEqual(["One is done."]);
  expect(sentences.take("One is done. Two **is** `so`! And 3.5", false)).toEqual(["Two is so!"]);
  expect(sentences.take("One is done. Two **is** `so`! And 3.5 more", true)).toEqual(["And 3.5 more"]);
  expect(sentences.take("One is done. Two **is** `so`! And 3.5 more", true)).toEqual([]);
  expect(spoken("# Title\n- [a](https://a.test) | *b* [[0]]")).toBe("Title a b");
});

test("what was there is not read out, and what comes is read once, streamed or whole", () => {
  const reader = new Reader();
  let conversation = NOTHING_SAID;
  const after = (change: Change) => {
    conversation = fold(conversation, change);
    return reader.read(conversation);
  };
  const answer = (id: string, text: string): Change => ({
    type: "message",
    message: { id, by: "agent", text, at: "", sources: [] },
  });
  expect(after(answer("e1", "Old."))).toEqual([]);
  expect(after({ type: "sending", id: "m", text: "hi" })).toEqual([]);
  expect(after({ type: "begins", id: "e2" })).toEqual([]);
  expect(after({ type: "more", id: "e2", text: "One. Tw" })).toEqual(["One."]);
  expect(after(answer("e2", "One. Two."))).toEqual(["Two."]);
  expect(after(answer("e2", "One. Two."))).toEqual([]);
  expect(after(answer("e3", "Whole."))).toEqual(["Whole."]);
  expect(after({ type: "now", activity: "failed", id: "n" })).toHaveLength(1);
  expect(after({ type: "restarted" })).toEqual([]);
  expect(after(answer("e1", "Old."))).toEqual([]);
});

test("whatever colour is chosen, what is written on it and in it can be read", () => {
  for (let value = 0; value <= 0xffffff; value += 0x050b17) {
    const color = `#${value.toString(16).padStart(6, "0")}`;
    expect(contrast(color, textOn(color))).toBeGreaterThanOrEqual(4.5);
    for (const ground of ["#ffffff", "#16181d"]) {
      expect(contrast(readableOn(ground, color), ground)).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test("the page's own colours can be read", () => {
  for (const block of [css.slice(0, css.indexOf("}")), css.slice(css.indexOf('[data-theme="dark"]')).split("}")[0] ?? ""]) {
    const color = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? "";
    for (const [text, ground, least] of [
      ["text", "ground", 7], ["text", "raised", 7], ["quiet", "ground", 4.5], ["quiet", "raised", 4.5],
      ["warn", "warn-ground", 4.5], ["warn", "ground", 4.5], ["edge", "ground", 3],
    ] as const) {
      expect(contrast(color(text), color(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(least);
    }
  }
});

test("a page around may speak if it is on the list", () => {
  const list = ["https://site.test", "https://*.example.org"];
  for (const [origin, allowed] of [
    ["https://site.test", true],
    ["https://site.test.evil.test", false],
    ["http://site.test", false],
    ["https://a.example.org", true],
    ["https://example.org", false],
    ["https://badexample.org", false],
    ["null", false],
  ] as const) {
    expect(isAllowed(origin, list), origin).toBe(allowed);
  }
  expect(isAllowed("https://any.test", [])).toBe(true);
});

test("each deployment has a secret of its own, which stays", () => {
  const [one, other] = [secretOf("depl_1"), secretOf("depl_2")];
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(one).not.toBe(other);
  expect(secretOf("depl_1")).toBe(one);
  expect(renewedSecret("depl_1")).not.toBe(one);
  localStorage.setItem("sortie:chat:depl_2", "<script>");
  expect(secretOf("depl_2")).toMatch(/^[0-9a-f]{64}$/);
});
