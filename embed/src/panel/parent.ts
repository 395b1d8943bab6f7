// The page around the panel: who it is, and what it may say. It is not trusted with anything but a token.

import type { FromParent, ToParent } from "./protocol";

/** Whether a page of this origin may speak to the panel. None in the list is any. */
export function isAllowed(origin: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.some((pattern) => covers(pattern, origin));
}

function covers(pattern: string, origin: string): boolean {
  const [scheme, parent] = pattern.split("://*.");
  if (parent === undefined) return pattern === origin;
  const start = `${scheme}://`;
  return origin.startsWith(start) && origin.endsWith(`.${parent}`) && origin.length > start.length + parent.length + 1;
}

/** The page around this one, if there is one. */
export class Parent {
  private origin: string | null;

  constructor(
    private readonly allowed: readonly string[],
    private readonly around: Window | null = window.parent === window ? null : window.parent,
  ) {
    this.origin = around ? originAround() : null;
  }

  /** Whether the panel stands in a frame. */
  get isThere(): boolean {
    return this.around !== null;
  }

  /** Its origin, as far as the browser tells. */
  get name(): string | null {
    return this.origin;
  }

  say(message: ToParent): void {
    this.around?.postMessage(message, this.origin ?? "*");
  }

  /** Hears what the page around says; what anybody else says is passed over. */
  listen(hear: (message: FromParent) => void): void {
    window.addEventListener("message", (event) => {
      if (!this.around || event.source !== this.around || !isAllowed(event.origin, this.allowed)) return;
      const message = readMessage(event.data);
      if (!message) return;
      if (event.origin !== "null") this.origin = event.origin;
      hear(message);
    });
  }
}

function readMessage(data: unknown): FromParent | null {
  if (typeof data !== "object" || data === null || !("type" in data)) return null;
  if (data.type === "sortie:hello" || data.type === "sortie:open") return { type: data.type };
  const isToken = data.type === "sortie:token" && "token" in data && typeof data.token === "string";
  return isToken ? { type: "sortie:token", token: data.token as string } : null;
}

function originAround(): string | null {
  const ancestors = location.ancestorOrigins as DOMStringList | undefined;
  const nearest = ancestors?.[0];
  if (nearest) return nearest === "null" ? null : nearest;
  try {
    return new URL(document.referrer).origin;
  } catch {
    return null;
  }
}
