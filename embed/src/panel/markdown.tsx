// Markdown as elements. The text is a stranger's: what it says is only ever text. There is no HTML, no picture that
// would be loaded, and no link but to the web and to mail.

import { Lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";

/** Longer texts are shown as they are: reading them would hold up the page. */
const CHARS_MAX = 60_000;
/** So are those with more marks of emphasis: reading takes time that grows with their square. */
const MARKS_MAX = 1_000;
/** What is nested deeper is shown as it is. */
const DEPTH_MAX = 12;

export function Markdown({ text }: { text: string }) {
  // Whatever else changes on the page, a text is read once.
  const tokens = useMemo(() => (isTooMuch(text) ? null : lex(text)), [text]);
  return <div class="prose">{tokens ? many(tokens, 0) : <p class="plain">{text}</p>}</div>;
}

/** What a link may lead to; nothing for all else. */
export function safeAddress(address: string): string | null {
  try {
    // Without a base: what is not a whole address leads nowhere. The browser's own reading is asked, so that no
    // spelling of it is another for us.
    const { href, protocol } = new URL(address);
    return protocol === "https:" || protocol === "http:" || protocol === "mailto:" ? href : null;
  } catch {
    return null;
  }
}

function isTooMuch(text: string): boolean {
  return text.length > CHARS_MAX || (text.match(/[*_]/g)?.length ?? 0) > MARKS_MAX;
}

function lex(text: string): Token[] | null {
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    return null;
  }
}

function many(tokens: Token[] | undefined, depth: number): ComponentChildren {
  return (tokens ?? []).map((token) => one(token, depth + 1));
}

function one(token: Token, depth: number): ComponentChildren {
  if (depth > DEPTH_MAX) return token.raw;
  const inner = () => many((token as Tokens.Generic).tokens, depth);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{inner()}</p>;
    case "heading":
      // Levels of a page are no business of a message in it.
      return <p class="heading">{inner()}</p>;
    case "blockquote":
      return <blockquote>{inner()}</blockquote>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "hr":
      return <hr />;
    case "list":
      return list(token as Tokens.List, depth);
    case "table":
      return table(token as Tokens.Table, depth);
    case "strong":
      return <strong>{inner()}</strong>;
    case "em":
      return <em>{inner()}</em>;
    case "del":
      return <del>{inner()}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return link((token as Tokens.Link).href, inner());
    case "image":
      return link((token as Tokens.Image).href, (token as Tokens.Image).text || "image");
    case "checkbox":
      return (token as Tokens.Checkbox).checked ? "☑ " : "☐ ";
    case "text":
    case "escape": {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? many(tokens, depth) : cited(unescaped(text));
    }
    default:
      // HTML, and whatever else there will be: as it stands there.
      return token.raw;
  }
}

function list({ ordered, start, items }: Tokens.List, depth: number) {
  const entries = items.map((item) => <li>{many(item.tokens, depth)}</li>);
  return ordered ? <ol start={Number(start) || 1}>{entries}</ol> : <ul>{entries}</ul>;
}

function table({ header, rows }: Tokens.Table, depth: number) {
  return (
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {header.map((cell) => (
              <th>{many(cell.tokens, depth)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>{many(cell.tokens, depth)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function link(address: string, children: ComponentChildren) {
  const safe = safeAddress(unescaped(address));
  if (!safe) return <span>{children}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
  );
}

/** A text with its markers, which name sources, as small numbers. */
function cited(text: string): ComponentChildren {
  return text
    .split(/\[\[(\d{1,4})\]\]/)
    .map((part, at) => (at % 2 ? <sup class="marker">{Number(part) + 1}</sup> : part));
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** Letters that are written as entities. What they make is text like any other. */
function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/gi, (raw, name: string) => {
    if (!name.startsWith("#")) return NAMED[name.toLowerCase()] ?? raw;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : raw;
  });
}
