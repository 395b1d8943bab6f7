/** The first words of a Markdown text without its marks, for where one line is all there is. */
export function plain(text: string): string {
  return text
    .replace(/```\w*/g, ' ')
    .replace(/\[\[\d{1,9}\]\]/g, '')
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/(^|\n)\s*(#{1,6}|>|[-*+]|\d{1,3}\.)\s+/g, '$1')
    .replace(/(\*\*|__|`)(?=\S)([^\n]*?\S)\1/g, '$2')
    .replace(/\s+/g, ' ')
    .trim()
}
