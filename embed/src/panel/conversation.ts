// The conversation as it is shown: a pure fold of what the server tells and what the visitor does.

import type { Activity, Message, Told } from "./protocol";

/** One thing in the transcript. */
export type Entry =
  | { kind: "said"; id: string; by: "visitor" | "agent"; text: string; sources: string[]; state: "stored" | "draft" }
  /** On its way: `id` is the visitor's own name for it. */
  | { kind: "said"; id: string; by: "visitor"; text: string; sources: string[]; state: "sending" | "unsent" }
  | { kind: "note"; id: string; activity: "stopped" | "failed" | "limit_reached" };

export interface Conversation {
  entries: Entry[];
  activity: Activity;
}

export type Change =
  | Told
  /** The stream begins again behind what is stored: what was in the making comes again. */
  | { type: "resumed" }
  /** The stream begins again from the start. */
  | { type: "restarted" }
  | { type: "sending"; id: string; text: string }
  /** The server has it, as this event. */
  | { type: "taken"; id: string; event: string }
  | { type: "unsent"; id: string };

export const NOTHING_SAID: Conversation = { entries: [], activity: "rests" };

export function isBusy({ activity, entries }: Conversation): boolean {
  const isSending = entries.some((entry) => entry.kind === "said" && entry.state === "sending");
  return isSending || activity === "working" || activity === "waits_for_somebody";
}

export function fold(conversation: Conversation, change: Change): Conversation {
  const { entries, activity } = conversation;
  switch (change.type) {
    case "message":
      return { activity, entries: withMessage(entries, change.message) };
    case "begins": {
      const draft: Entry = { kind: "said", id: change.id, by: "agent", text: "", sources: [], state: "draft" };
      return { activity, entries: [...withoutDrafts(entries), draft] };
    }
    case "more":
      return { activity, entries: entries.map((entry) => grown(entry, change.id, change.text)) };
    case "void":
    case "resumed":
      return { activity, entries: withoutDrafts(entries) };
    case "now":
      return withActivity(conversation, change.activity, change.id);
    case "restarted":
      return { activity: "rests", entries: entries.filter(isOwnUnsent) };
    case "sending": {
      const sending: Entry = {
        kind: "said",
        id: change.id,
        by: "visitor",
        text: change.text,
        sources: [],
        state: "sending",
      };
      return { activity, entries: [...entries.filter((entry) => entry.id !== change.id), sending] };
    }
    case "taken": {
      // The stream may have been faster.
      const isThere = entries.some((entry) => entry.id === change.event);
      // Another conversation was begun meanwhile.
      if (!isThere && !entries.some((entry) => entry.id === change.id)) return conversation;
      const taken = (entry: Entry): Entry =>
        entry.kind === "said" && entry.id === change.id ? { ...entry, id: change.event, state: "stored" } : entry;
      const kept = isThere ? entries.filter((entry) => entry.id !== change.id) : entries.map(taken);
      // Until the stream says how it goes on, it is being answered.
      return { activity: isThere ? activity : "working", entries: kept };
    }
    case "unsent":
      return {
        activity,
        entries: entries.map((entry) =>
          entry.id === change.id && isOwnUnsent(entry) ? { ...entry, state: "unsent" as const } : entry,
        ),
      };
    case "fault":
      return conversation;
  }
}

function withMessage(entries: Entry[], message: Message): Entry[] {
  const stored: Entry = { kind: "said", ...pick(message), state: "stored" };
  const place = entries.findIndex((entry) => entry.id === message.id);
  if (place >= 0) return entries.with(place, stored);
  if (message.by === "visitor") {
    // It is told before the answer to its sending has come.
    const own = entries.findIndex((entry) => isOwnUnsent(entry) && entry.text === message.text);
    if (own >= 0) return entries.with(own, stored);
  }
  return [...entries, stored];
}

function pick({ id, by, text, sources }: Message) {
  return { id, by, text, sources };
}

function withActivity(conversation: Conversation, activity: Activity, id: string | null): Conversation {
  const over = activity === "rests" || activity === "ended" || activity === "failed" || activity === "limit_reached";
  const entries = over ? withoutDrafts(conversation.entries) : conversation.entries;
  const isNoted = activity === "stopped" || activity === "failed" || activity === "limit_reached";
  const name = `note-${id ?? entries.length}`;
  if (!isNoted || entries.some((entry) => entry.id === name)) return { activity, entries };
  return { activity, entries: [...entries, { kind: "note", id: name, activity }] };
}

function grown(entry: Entry, id: string, text: string): Entry {
  const isIt = entry.kind === "said" && entry.state === "draft" && entry.id === id;
  return isIt ? { ...entry, text: entry.text + text } : entry;
}

function withoutDrafts(entries: Entry[]): Entry[] {
  return entries.filter((entry) => !(entry.kind === "said" && entry.state === "draft"));
}

function isOwnUnsent(entry: Entry): entry is Extract<Entry, { state: "sending" | "unsent" }> {
  return entry.kind === "said" && (entry.state === "sending" || entry.state === "unsent");
}
