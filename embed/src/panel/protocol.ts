// What the server sends, and what the panel and the page around it say to each other.

/** How a chat looks, and what it allows. */
export interface Look {
  id: string;
  name: string;
  secure: boolean;
  theme: "light" | "dark" | "auto";
  color: string | null;
  position: "left" | "right";
  greeting: string | null;
  starters: string[];
  max_chars: number;
}

export type Activity = "working" | "waits_for_somebody" | "stopped" | "failed" | "limit_reached" | "rests" | "ended";

/** Something that was said, as it is stored. */
export interface Message {
  id: string;
  at: string;
  by: "visitor" | "agent";
  text: string;
  sources: string[];
}

/** What went wrong, and what to do about it. */
export interface Failure {
  code: string;
  message: string;
  retry_after?: number;
  request_id?: string;
}

/** One thing on the stream. */
export type Told =
  | { type: "message"; message: Message }
  | { type: "begins"; id: string }
  | { type: "more"; id: string; text: string }
  | { type: "void" }
  | { type: "now"; activity: Activity; id: string | null }
  | { type: "fault"; failure: Failure };

/** What the panel says to the page around it. Nothing in it is secret: any allowed page may read it. */
export type ToParent =
  | { type: "sortie:ready"; name: string; position: "left" | "right"; color: string | null }
  | { type: "sortie:close" }
  | { type: "sortie:token-needed" };

/** What the page around it says to the panel. */
export type FromParent =
  | { type: "sortie:hello" }
  | { type: "sortie:open" }
  | { type: "sortie:token"; token: string };
