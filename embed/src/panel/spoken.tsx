// What a screen reader is told, sentence by sentence, while an answer is being written. What was there when the
// panel opened is not read out: it can be gone through.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Entry } from "./conversation";
import { Sentences } from "./sentences";
import { NOTES } from "./transcript";

/** How many sentences stay: a screen reader reads what is added. */
const KEPT = 12;

/** What is new of a conversation, in sentences. */
export class Reader {
  private isLive = false;
  private readonly growing = new Map<string, Sentences>();
  private readonly heard = new Set<string>();

  read({ entries }: Conversation): string[] {
    this.isLive ||= entries.some((entry) => entry.kind === "said" && (entry.state === "sending" || entry.state === "draft"));
    return entries.flatMap((entry) => this.readEntry(entry));
  }

  private readEntry(entry: Entry): string[] {
    if (this.heard.has(entry.id) || (entry.kind === "said" && entry.by === "visitor")) return [];
    const isWhole = entry.kind === "note" || entry.state === "stored";
    if (isWhole) this.heard.add(entry.id);
    if (!this.isLive) return [];
    if (entry.kind === "note") return [NOTES[entry.activity]];
    const sentences = this.growing.get(entry.id) ?? new Sentences();
    if (isWhole) this.growing.delete(entry.id);
    else this.growing.set(entry.id, sentences);
    return sentences.take(entry.text, isWhole);
  }
}

export function Spoken({ conversation }: { conversation: Conversation }) {
  const [said, setSaid] = useState<{ key: number; text: string }[]>([]);
  const [reader] = useState(() => new Reader());
  const count = useRef(0);
  useEffect(() => {
    const fresh = reader.read(conversation).map((text) => ({ key: count.current++, text }));
    if (fresh.length > 0) setSaid((before) => [...before, ...fresh].slice(-KEPT));
  }, [conversation]);
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="false">
      {said.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
