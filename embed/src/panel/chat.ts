// One visit: what is shown, and what the visitor can do about it. Views listen to it, and know nothing of the network.

import { type Client, Refused } from "./client";
import { Connection, type Line } from "./connection";
import { type Change, type Conversation, fold, isBusy, NOTHING_SAID } from "./conversation";
import type { Parent } from "./parent";
import type { Failure, Look } from "./protocol";
import { renewedSecret } from "./secret";

export interface Shown {
  conversation: Conversation;
  line: Line;
  /** What could not be done, until something can. */
  failure: Failure | null;
}

/** A page is asked for a token at most so often: what it hands over may be what was just refused. */
const TOKEN_EVERY_MS = 15_000;

const OFFLINE: Failure = {
  code: "offline",
  message: "That was not sent: the server cannot be reached. Check your connection, then try again.",
};

export class Chat {
  private shown: Shown = { conversation: NOTHING_SAID, line: { state: "resting" }, failure: null };
  private readonly listeners = new Set<(shown: Shown) => void>();
  private readonly connection: Connection;
  private askedAt = Number.NEGATIVE_INFINITY;
  private asking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly look: Look,
    private readonly client: Client,
    private readonly parent: Parent,
  ) {
    this.connection = new Connection(client, (change) => this.change(change), (line) => this.setLine(line));
    addEventListener("online", () => this.connection.wake());
  }

  get now(): Shown {
    return this.shown;
  }

  listen(listener: (shown: Shown) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  connect(): void {
    this.connection.wake();
  }

  /**
   * A fresh token: what waited for it goes on. It may be another visitor's, whose conversation is another; the
   * same one's is read again, and nothing is lost.
   */
  hasToken(token: string): void {
    if (token !== this.client.token) this.connection.restart();
    this.client.token = token;
    this.set({ failure: null });
    this.connection.wake();
  }

  async say(text: string, id: string = crypto.randomUUID()): Promise<void> {
    if (isBusy(this.shown.conversation)) return;
    this.set({ failure: null });
    this.change({ type: "sending", id, text });
    try {
      const event = await this.client.say(id, text);
      this.change({ type: "taken", id, event });
      this.connection.wake();
    } catch (error) {
      this.change({ type: "unsent", id });
      this.fail(error);
    }
  }

  async stop(): Promise<void> {
    try {
      await this.client.stop();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Another conversation. The one before is not shown again. */
  startAgain(): void {
    this.client.secret = renewedSecret(this.look.id);
    this.connection.restart();
    this.set({ conversation: NOTHING_SAID, failure: null });
  }

  close(): void {
    this.parent.say({ type: "sortie:close" });
  }

  private fail(error: unknown): void {
    const failure = error instanceof Refused ? error.failure : OFFLINE;
    if (error instanceof Refused && error.wantsToken) this.askForToken();
    this.set({ failure });
  }

  private askForToken(): void {
    clearTimeout(this.asking);
    const wait = this.askedAt + TOKEN_EVERY_MS - performance.now();
    if (wait > 0) {
      this.asking = setTimeout(() => this.askForToken(), wait);
      return;
    }
    this.askedAt = performance.now();
    this.parent.say({ type: "sortie:token-needed" });
  }

  private setLine(line: Line): void {
    if (line.state === "needs_token") this.askForToken();
    this.set({ line });
  }

  private change(change: Change): void {
    this.set({ conversation: fold(this.shown.conversation, change) });
  }

  private set(part: Partial<Shown>): void {
    this.shown = { ...this.shown, ...part };
    for (const listener of this.listeners) listener(this.shown);
  }
}
