import { expect, test } from "vitest";
import { type Change, type Conversation, fold, isBusy, NOTHING_SAID } from "../src/panel/conversation";
import type { Activity, Message } from "../src/panel/protocol";

function after(...changes: Change[]): Conversation {
  return changes.reduce(fold, NOTHING_SAID);
}

/** What is shown: texts, drafts with `…`, notes with `!`. */
function texts({ entries }: Conversation): string[] {
  return entries.map((entry) =>
    entry.kind === "note" ? `!${entry.activity}` : entry.text + (entry.state === "stored" ? "" : `…${entry.state}`),
  );
}

const message = (id: string, by: Message["by"], text: string): Change => ({
  type: "message",
  message: { id, by, text, at: "2026-01-01T00:00:00Z", sources: [] },
});
const now = (activity: Activity, id: string | null = "n"): Change => ({ type: "now", activity, id });

test("a text grows, and becomes the message that is stored", () => {
  const growing: Change[] = [
    now("working"),
    { type: "begins", id: "e2" },
    { type: "more", id: "e2", text: "hel" },
    { type: "more", id: "e2", text: "lo" },
  ];
  expect(texts(after(...growing))).toEqual(["hello…draft"]);
  const stored = after(...growing, message("e2", "agent", "hello!"), now("rests"));
  expect(texts(stored)).toEqual(["hello!"]);
  expect(isBusy(stored)).toBe(false);
});

test("a broken line shows nothing twice and loses nothing", () => {
  const before: Change[] = [
    message("e1", "visitor", "hi"),
    now("working"),
    { type: "begins", id: "e2" },
    { type: "more", id: "e2", text: "half" },
  ];
  const again: Change[] = [{ type: "begins", id: "e2" }, { type: "more", id: "e2", text: "half and whole" }];
  expect(texts(after(...before, { type: "resumed" }, ...again))).toEqual(["hi", "half and whole…draft"]);
  expect(texts(after(...before, { type: "restarted" }, ...before, ...again))).toEqual(["hi", "half and whole…draft"]);
  expect(texts(after(...before, { type: "void" }))).toEqual(["hi"]);
});

test("what is sent is shown at once, and once, whichever answer comes first", () => {
  const sending: Change = { type: "sending", id: "m", text: "hi" };
  const taken: Change = { type: "taken", id: "m", event: "e1" };
  const told = message("e1", "visitor", "hi");
  expect(texts(after(sending))).toEqual(["hi…sending"]);
  for (const order of [[sending, taken, told], [sending, told, taken], [sending, taken, told, told]]) {
    const conversation = after(...order);
    expect(texts(conversation)).toEqual(["hi"]);
    expect(conversation.entries[0]?.id).toBe("e1");
  }
  const unsent = after(sending, { type: "unsent", id: "m" });
  expect([texts(unsent), isBusy(unsent)]).toEqual([["hi…unsent"], false]);
  expect(texts(fold(unsent, sending))).toEqual(["hi…sending"]);
  expect(texts(fold(unsent, { type: "restarted" }))).toEqual(["hi…unsent"]);
});

test("how an answer failed to come is noted once", () => {
  const failed = after({ type: "begins", id: "e" }, { type: "more", id: "e", text: "x" }, now("failed", "n1"));
  expect(texts(fold(failed, now("failed", "n1")))).toEqual(["!failed"]);
  const stopped = after({ type: "begins", id: "e" }, { type: "more", id: "e", text: "x" }, now("stopped"), message("e", "agent", "x"), now("rests"));
  expect(texts(stopped)).toEqual(["x", "!stopped"]);
});
