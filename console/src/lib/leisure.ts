type Load = () => Promise<unknown>

/** After what the page is for is drawn and a little more: nobody waits for what is loaded then. */
const SETTLED_MS = 1500

/** Loads code that a person may want soon, once the page has come to rest. Returns how to let it be. */
export function atLeisure(...loads: Load[]): () => void {
  const timer = setTimeout(() => {
    // What could not be loaded is asked for again by whoever needs it.
    for (const load of loads) load().catch(() => {})
  }, SETTLED_MS)
  return () => clearTimeout(timer)
}
