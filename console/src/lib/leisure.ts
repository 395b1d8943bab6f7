type Work = () => Promise<unknown>

/** After what the page is for is drawn and a little more: nobody waits for what is loaded then. */
const SETTLED_MS = 1000

/** Does what a person may want soon, once the page has come to rest. Returns how to let it be. */
export function atLeisure(...works: Work[]): () => void {
  const timer = setTimeout(() => {
    // What could not be loaded is asked for again by whoever needs it.
    for (const work of works) work().catch(() => {})
  }, SETTLED_MS)
  return () => clearTimeout(timer)
}

/** How long what is on its way may keep the page from being drawn: in one piece, rather than twice. */
const SOON_MS = 400

/** Waits for something that should be there at once, but not for long, and not for how it ends. */
export function soon(awaited: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const go = () => resolve()
    awaited.then(go, go)
    setTimeout(go, SOON_MS)
  })
}
