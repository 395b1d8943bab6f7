import { afterEach, beforeEach, expect, test, vi } from "vitest";

// The loader, in a page: jsdom has no closed shadow to look into, so it is opened here, and the frame loads nothing.
let shadow: ShadowRoot;

beforeEach(async () => {
  vi.resetModules();
  document.body.innerHTML = "";
  document.head.innerHTML = '<script src="https://sortie.test/embed/modal.js" data-deployment="depl_1"></script>';
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
  const attach = Element.prototype.attachShadow;
  vi.spyOn(Element.prototype, "attachShadow").mockImplementation(function (this: Element, init) {
    expect(init.mode).toBe("closed");
    shadow = attach.call(this, { mode: "open" });
    return shadow;
  });
  await import("../src/loader/modal");
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const frame = () => shadow.querySelector("iframe") as HTMLIFrameElement;
const button = () => shadow.querySelector("button") as HTMLButtonElement;

function hear(data: unknown, origin = "https://sortie.test", source: Window | null = frame().contentWindow) {
  window.dispatchEvent(new MessageEvent("message", { data, origin, source }));
}

const ready = { type: "sortie:ready", name: "Help", position: "left", color: "#ffd24a" };

test("the button shows when the frame says that the chat is there, and nobody else can say so", () => {
  expect(frame().src).toBe("https://sortie.test/embed/chat/v2/depl_1");
  hear(ready, "https://evil.test");
  hear(ready, "https://sortie.test", window);
  expect(button().style.display).toBe("none");
  hear(ready);
  expect(button().style.display).toBe("grid");
  expect(button().style.getPropertyPriority("display")).toBe("important");
  expect([button().style.left, button().getAttribute("aria-label")]).toEqual(["20px", "Chat: Help"]);
});

test("it opens and closes, and says so to who cannot see", () => {
  hear(ready);
  button().click();
  expect([frame().style.display, button().getAttribute("aria-expanded")]).toEqual(["block", "true"]);
  hear({ type: "sortie:close" });
  expect([frame().style.display, button().getAttribute("aria-expanded")]).toEqual(["none", "false"]);
});

test("a hostile word from the frame's page changes nothing", () => {
  hear({ ...ready, color: "red;}", position: "<b>" });
  expect(button().style.right).toBe("20px");
  for (const nonsense of [null, "x", 7, {}, { type: "other" }]) hear(nonsense);
  expect(document.body.children).toHaveLength(1);
});
