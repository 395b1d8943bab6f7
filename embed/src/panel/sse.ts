// Server-sent events, read from a fetch: an EventSource could send neither secret nor token.

import type { Told } from "./protocol";

/** One frame of a stream. */
export interface Frame {
  id: string | null;
  event: string;
  data: string;
}

/** Cuts a stream into frames, however its bytes are cut on the way. */
export class Frames {
  private rest = "";
  private readonly decoder = new TextDecoder();

  /** Takes more bytes; gives the frames that are whole now. */
  push(bytes: Uint8Array): Frame[] {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const parts = this.rest.split("\n\n");
    this.rest = parts.pop() ?? "";
    return parts.map(parse).filter((frame) => frame !== null);
  }
}

function parse(raw: string): Frame | null {
  const frame: Frame = { id: null, event: "message", data: "" };
  let isComment = true;
  for (const line of raw.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    isComment = false;
    if (field === "id") frame.id = value;
    else if (field === "event") frame.event = value;
    else if (field === "data") frame.data += value;
  }
  return isComment ? null : frame;
}

/** What a frame tells; nothing if this release does not know it. */
export function told(frame: Frame): Told | null {
  const data = JSON.parse(frame.data || "null");
  switch (frame.event) {
    case "message":
      return { type: "message", message: data };
    case "begins":
      return { type: "begins", id: data.id };
    case "more":
      return { type: "more", id: data.id, text: data.text };
    case "void":
      return { type: "void" };
    case "now":
      return { type: "now", activity: data.activity, id: frame.id };
    case "fault":
      return { type: "fault", failure: data };
    default:
      return null;
  }
}
