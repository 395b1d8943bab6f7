import type { Schemas } from '../api/client'

/** A document that an answer had been given to cite. */
export type Source = Schemas['SourceView']

/** What a text cites: the sources in the order in which they come up, and which marker is which of them. */
export interface Cited {
  sources: readonly Source[]
  /** By the number in the marker: the place in `sources`, from 1. */
  places: ReadonlyMap<number, number>
}

/** `[[0]]`, as models write it. */
export const MARKER = /\[\[(\d{1,9})\]\]/g

/** What a text cites of what it was given. A marker that leads to nothing was made up by the model. */
export function citedIn(text: string, given: readonly Source[]): Cited {
  const places = new Map<number, number>()
  const sources: Source[] = []
  for (const [, digits] of text.matchAll(MARKER)) {
    const number = Number(digits)
    const source = given[number]
    if (source === undefined || places.has(number)) continue
    sources.push(source)
    places.set(number, sources.length)
  }
  return { sources, places }
}

/** A node of a parsed text, as far as it matters here. */
interface Node {
  type: string
  tagName?: string
  value?: string
  properties?: Record<string, string>
  children?: Node[]
}

/** Makes elements of the markers in a parsed text, and takes out those that lead nowhere. Code stays as it is. */
export function markCitations({ places, sources }: Cited) {
  const marked = (text: string): Node[] => {
    const nodes: Node[] = []
    let from = 0
    for (const match of text.matchAll(MARKER)) {
      const place = places.get(Number(match[1]))
      if (match.index > from) nodes.push({ type: 'text', value: text.slice(from, match.index) })
      if (place !== undefined) nodes.push(marker(place, sources[place - 1]?.name ?? ''))
      from = match.index + match[0].length
    }
    if (from < text.length) nodes.push({ type: 'text', value: text.slice(from) })
    return nodes
  }
  const walk = (node: Node) => {
    if (node.tagName === 'code' || !node.children) return
    node.children = node.children.flatMap((child) => {
      if (child.type === 'text' && child.value !== undefined) return marked(child.value)
      walk(child)
      return [child]
    })
  }
  return walk
}

function marker(place: number, name: string): Node {
  return {
    type: 'element',
    tagName: 'sup',
    properties: { className: 'citation', title: name, ariaLabel: `Source ${place}: ${name}` },
    children: [{ type: 'text', value: String(place) }],
  }
}
