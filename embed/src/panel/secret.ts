// The visitor's secret: it opens their conversation, and stands in the frame's own storage alone.

const KEY = "sortie:chat:";

/** The secret for this deployment; made when there is none. Each deployment has one of its own. */
export function secretOf(deployment: string): string {
  const known = read(KEY + deployment);
  return known && /^[A-Za-z0-9_-]{32,128}$/.test(known) ? known : renewedSecret(deployment);
}

/** A new one, and with it a new conversation. */
export function renewedSecret(deployment: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    localStorage.setItem(KEY + deployment, secret);
  } catch {
    // A browser that keeps nothing for frames: the conversation lasts until the page is left.
  }
  return secret;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
