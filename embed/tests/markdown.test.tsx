import { render } from "preact";
import { describe, expect, test } from "vitest";
import { Markdown, safeAddress } from "../src/panel/markdown";
import { CORPUS } from "./corpus";

function shown(text: string): HTMLElement {
  const root = document.createElement("div");
  render(<Markdown text={text} />, root);
  return root;
}

const ALLOWED = new Set(
  "DIV P STRONG EM DEL CODE PRE BLOCKQUOTE UL OL LI A SPAN SUP BR HR TABLE THEAD TBODY TR TH TD".split(" "),
);
const ATTRIBUTES = new Set(["class", "href", "target", "rel", "tabindex", "start"]);

/** Nothing but what the renderer itself may make, whatever the text says. */
function check(root: HTMLElement) {
  for (const element of root.querySelectorAll("*")) {
    expect(ALLOWED).toContain(element.tagName);
    for (const { name } of element.attributes) expect(ATTRIBUTES).toContain(name);
    if (element instanceof HTMLAnchorElement) {
      expect(["http:", "https:", "mailto:"]).toContain(element.protocol);
      expect(element.rel).toBe("noopener noreferrer nofollow ugc");
    }
  }
}

describe("a hostile text", () => {
  test.each(CORPUS)("comes out as text: %s", (text) => {
    check(shown(text));
    check(shown(`before ${text} behind`));
    check(shown(`- item\n\n  ${text}\n\n| a | b |\n|---|---|\n| ${text.replaceAll("\n", " ")} | x |`));
    check(shown(`[label](${text}) ![picture](${text}) <${text}> [ref]\n\n[ref]: ${text}`));
  });

  test("that is cut anywhere is safe too", () => {
    const whole = CORPUS.join("\n\n");
    for (let end = 0; end < whole.length; end += 37) check(shown(whole.slice(0, end)));
  });

  test("that is deep or long is shown, and soon", () => {
    for (const text of [">".repeat(5_000), "[".repeat(20_000), "*".repeat(20_000), "- ".repeat(2_000), "x".repeat(90_000), "**a_".repeat(15_000)]) {
      check(shown(text));
    }
  });

  test("keeps its letters", () => {
    expect(shown("<b onclick=alert(1)>hi</b>").textContent).toBe("<b onclick=alert(1)>hi</b>");
    expect(shown("a &lt;script&gt; b").textContent).toBe("a <script> b");
  });
});

test("links lead to the web and to mail", () => {
  for (const [address, safe] of [
    ["https://a.test/x?y#z", "https://a.test/x?y#z"],
    ["http://a.test", "http://a.test/"],
    ["mailto:a@b.test", "mailto:a@b.test"],
    ["javascript:alert(1)", null],
    ["JaVaScRiPt:alert(1)", null],
    ["java\nscript:alert(1)", null],
    [" \u0001javascript:alert(1)", null],
    ["data:text/html,x", null],
    ["vbscript:x", null],
    ["blob:https://a.test/1", null],
    ["file:///etc/passwd", null],
    ["//a.test", null],
    ["/path", null],
    ["", null],
  ] as const) {
    expect(safeAddress(address), address).toBe(safe);
  }
});

test("Markdown is read", () => {
  const root = shown("# Title\n\n**bold** *it* `code` ~~gone~~ [a](https://a.test)\n\n1. x\n2. y\n\n```js\nlet a;\n```\n\n> q");
  expect(root.querySelector(".heading")?.textContent).toBe("Title");
  for (const name of ["strong", "em", "code", "del", "a", "ol > li", "pre > code", "blockquote"]) {
    expect(root.querySelector(name), name).not.toBeNull();
  }
  expect(shown("See [[0]] and [[1]].").textContent).toBe("See 1 and 2.");
  expect(shown("- [x] done\n- [ ] open").textContent).toContain("done");
});
