// What a screen reader is told of a text that is being written: whole sentences, not pieces of words.

/** Cuts a growing text into sentences. */
export class Sentences {
  private told = 0;

  /** The sentences that are whole now and were not told yet. `isWhole` says that nothing follows. */
  take(text: string, isWhole: boolean): string[] {
    const rest = text.slice(this.told);
    const end = isWhole ? rest.length : lastEnd(rest);
    this.told += end;
    const plain = spoken(rest.slice(0, end));
    return plain === "" ? [] : [plain];
  }
}

/** Where the last whole sentence or line ends. */
function lastEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?…][)"'»”]*\s|\n+/g)) end = match.index + match[0].length;
  return end;
}

/** A text without the marks of Markdown. */
export function spoken(text: string): string {
  return text
    .replace(/```[^\n]*/g, " ")
    .replace(/^[\s|:-]+$/gm, " ")
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replace(/\[\[\d+\]\]/g, "")
    .replace(/^[ \t]*(#{1,6}|>|[-*+]|\|)[ \t]+/gm, "")
    .replace(/[*_~`|]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
