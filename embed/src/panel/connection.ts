// Follows the conversation, over broken lines and restarted servers, without loss: each stream goes on behind the
// last event that was shown. Nothing is polled: where nothing was said yet, nothing is open.

import { type Client, Refused } from "./client";
import type { Change } from "./conversation";
import type { Failure } from "./protocol";
import { Frames, told } from "./sse";

/** How the line is. */
export type Line =
  | { state: "resting" }
  | { state: "open" }
  | { state: "broken"; retryAt: number }
  /** Nothing more comes before a token does. */
  | { state: "needs_token" }
  /** Nothing more comes. */
  | { state: "over"; failure: Failure };

/** The server says something every ten seconds: after this long the line is dead. */
const SILENCE_MS = 25_000;
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

export class Connection {
  private after: string | null = null;
  private tries = 0;
  /** Whether it was woken while it asked: what it is told may be older than that. */
  private isWanted = false;
  private running: AbortController | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly tell: (change: Change) => void,
    private readonly line: (line: Line) => void,
  ) {}

  /** Connects now, if it is not connected. */
  wake(): void {
    clearTimeout(this.retry);
    if (this.running) this.isWanted = true;
    else void this.follow();
  }

  /** Forgets the conversation: another one follows. */
  restart(): void {
    this.running?.abort();
    this.running = null;
    clearTimeout(this.retry);
    this.after = null;
    this.tries = 0;
    this.line({ state: "resting" });
  }

  private async follow(): Promise<void> {
    const running = new AbortController();
    this.running = running;
    this.isWanted = false;
    try {
      const body = await this.client.follow(this.after, running.signal);
      if (running.signal.aborted) return;
      this.tell({ type: this.after ? "resumed" : "restarted" });
      if (!body && this.isWanted) return void this.follow();
      if (!body) return this.rest(running, { state: "resting" });
      this.tries = 0;
      this.line({ state: "open" });
      const end = await this.read(body, running);
      if (end) return this.rest(running, end);
      this.later(running);
    } catch (error) {
      if (this.running === running) this.fail(running, error);
    }
  }

  /** Reads until the stream ends; why it does not go on, if it does not. */
  private async read(body: ReadableStream<Uint8Array>, running: AbortController): Promise<Line | null> {
    const [reader, frames] = [body.getReader(), new Frames()];
    for (;;) {
      const watch = setTimeout(() => reader.cancel().catch(() => {}), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(watch));
      if (done || running.signal.aborted) return null;
      for (const frame of frames.push(value)) {
        const told_ = told(frame);
        if (frame.id) this.after = frame.id;
        if (!told_) continue;
        this.tell(told_);
        if (told_.type === "fault") return this.end(told_.failure);
        if (told_.type === "now" && told_.activity === "ended") return { state: "resting" };
      }
    }
  }

  private end(failure: Failure): Line | null {
    if (failure.code.startsWith("token")) return { state: "needs_token" };
    return ["paused", "closed", "not_found", "ended"].includes(failure.code) ? { state: "over", failure } : null;
  }

  private fail(running: AbortController, error: unknown): void {
    if (!(error instanceof Refused)) return this.later(running);
    if (error.wantsToken) return this.rest(running, { state: "needs_token" });
    if (error.status === 400 && this.after) {
      // It is not of this conversation any more: everything is read again.
      this.after = null;
      return this.later(running);
    }
    if (error.mayPass) return this.later(running, error.failure.retry_after);
    this.rest(running, { state: "over", failure: error.failure });
  }

  private rest(running: AbortController, line: Line): void {
    if (this.running !== running) return;
    this.running = null;
    this.line(line);
  }

  private later(running: AbortController, seconds?: number): void {
    if (this.running !== running) return;
    this.running = null;
    const wait = WAITS_MS[Math.min(this.tries++, WAITS_MS.length - 1)] ?? 1_000;
    // Not all at once when a server comes back.
    const ms = Math.max(wait * (0.75 + Math.random() / 2), (seconds ?? 0) * 1_000);
    this.line({ state: "broken", retryAt: Date.now() + ms });
    this.retry = setTimeout(() => this.wake(), ms);
  }
}
