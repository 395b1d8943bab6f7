// Requests to the server. Each carries the visitor's secret and, where one is needed, the token.

import type { Failure, Look } from "./protocol";

/** A request that was answered with a failure. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly failure: Failure,
  ) {
    super(failure.message);
  }

  /** Whether a fresh token would help. */
  get wantsToken(): boolean {
    return this.status === 401;
  }

  /** Whether the same request may well succeed later. */
  get mayPass(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

type Asked = Omit<RequestInit, "headers"> & { headers?: Record<string, string> };

/** Talks to the server for one visitor of one chat. */
export class Client {
  token: string | null = null;

  constructor(
    private readonly address: string,
    public secret: string,
    private readonly around: () => string | null,
  ) {}

  async look(): Promise<Look> {
    return (await this.ask("look", {})).json();
  }

  /** Says something; the event that it is. `id` makes sure that it is said once. */
  async say(id: string, text: string): Promise<string> {
    const body = JSON.stringify({ id, text });
    const answer = await this.ask("messages", { method: "POST", body, headers: { "content-type": "application/json" } });
    return (await answer.json()).id;
  }

  async stop(): Promise<void> {
    await this.ask("stop", { method: "POST" });
  }

  /** Opens the stream behind an event; nothing if nothing was said yet. */
  async follow(after: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null> {
    const headers: Record<string, string> = after ? { "last-event-id": after } : {};
    const answer = await this.ask("stream", { headers, signal });
    return answer.status === 204 ? null : answer.body;
  }

  private async ask(what: string, { headers: own, ...init }: Asked): Promise<Response> {
    const headers: Record<string, string> = { ...own, "sortie-visitor": this.secret };
    if (this.token) headers["authorization"] = `Bearer ${this.token}`;
    const around = this.around();
    if (around) headers["sortie-embedded-in"] = around;
    const answer = await fetch(`${this.address}/${what}`, { ...init, headers, credentials: "omit", cache: "no-store" });
    if (answer.ok) return answer;
    const failure: Failure | null = await answer.json().catch(() => null);
    throw new Refused(answer.status, failure ?? { code: "unknown", message: "The server did not answer as it should." });
  }
}
