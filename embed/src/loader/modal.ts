// What a site includes: a floating button, and the chat in a frame behind it.
//
// It stands in a stranger's page, whose style, policy and scripts it does not know. So it draws in a shadow of its
// own, sets every style by itself and as important (a policy may forbid styles that are written, and allows those
// that are set), asks the network for nothing but the frame, and takes word from nobody but the frame. The button
// shows when the chat is there: where it is paused, or not for this page, nothing is shown.

export interface Options {
  /** The embed deployment. */
  deployment: string;
  /** A visitor's token, or what gets one: asked for again when it has ended. */
  token?: string | (() => string | Promise<string>);
}

export interface Chat {
  open(): void;
  close(): void;
}

type Style = Record<string, string>;

// A classic script knows itself while it runs; one that is a module has the right one of the page.
const script = (document.currentScript ?? document.querySelector("script[data-deployment]")) as HTMLScriptElement;
const base = new URL(".", script.src);
const chats = new Map<string, Chat>();

/** Opens the chat of a deployment; makes it if it is not there yet. */
function openChat(options: Options): Chat {
  const chat = chats.get(options.deployment) ?? makeChat(options);
  chats.set(options.deployment, chat);
  chat.open();
  return chat;
}

function makeChat({ deployment, token }: Options): Chat {
  const host = make("div", { all: "initial", position: "fixed", "z-index": "2147483647", display: "block" });
  const shadow = host.attachShadow({ mode: "closed" });
  const button = make("button", {
    all: "initial", display: "none", "place-content": "center", position: "fixed", bottom: "20px", width: "56px",
    height: "56px", "border-radius": "50%", cursor: "pointer", "box-shadow": "0 4px 16px rgb(0 0 0 / 0.25)",
  });
  const frame = make("iframe", { all: "initial", display: "none", position: "fixed", border: "0" });
  const narrow = matchMedia("(max-width: 480px), (max-height: 480px)");
  let side = "right";
  let isOpen = false;
  let isReady = false;

  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  button.append(icon());
  frame.title = "Chat";
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.src = `${base.href}chat/v2/${encodeURIComponent(deployment)}`;

  const tell = (message: object) => frame.contentWindow?.postMessage(message, base.origin);
  const place = () => {
    const small: Style = { inset: "0", width: "100%", height: "100%", "border-radius": "0" };
    const large: Style = {
      inset: "auto", bottom: "88px", [side]: "20px", width: "400px", height: "min(640px, calc(100% - 108px))",
      "border-radius": "16px",
    };
    dress(frame, narrow.matches ? small : large);
    dress(frame, { display: isOpen && isReady ? "block" : "none", "box-shadow": "0 12px 48px rgb(0 0 0 / 0.28)" });
    button.setAttribute("aria-expanded", `${isOpen}`);
  };
  const show = (open: boolean) => {
    isOpen = open;
    place();
    if (open) {
      frame.focus();
      tell({ type: "sortie:open" });
    } else button.focus();
  };
  const hand = async () => {
    const fresh = typeof token === "function" ? await token() : token;
    if (fresh) tell({ type: "sortie:token", token: fresh });
  };

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== base.origin || !data) return;
    if (data.type === "sortie:token-needed") hand().catch(() => {});
    else if (data.type === "sortie:close") show(false);
    else if (data.type === "sortie:ready") {
      isReady = true;
      side = data.position === "left" ? "left" : "right";
      const color = /^#[0-9a-f]{6}$/i.test(data.color) ? data.color : "#2f5bd7";
      dress(button, { display: "grid", left: "auto", right: "auto" });
      dress(button, { [side]: "20px", background: color, color: isLight(color) ? "#000" : "#fff" });
      button.setAttribute("aria-label", `Chat: ${data.name}`);
      place();
      if (isOpen) show(true);
    }
  });
  frame.addEventListener("load", () => tell({ type: "sortie:hello" }));
  narrow.addEventListener("change", place);
  button.addEventListener("click", () => show(!isOpen));
  // A ring of two colours is seen on any ground.
  button.addEventListener("focus", () => button.matches(":focus-visible") && ring(button, true));
  button.addEventListener("blur", () => ring(button, false));

  shadow.append(button, frame);
  // A script in the head runs before there is a body.
  (document.body ?? document.documentElement).append(host);
  place();
  return { open: () => show(true), close: () => show(false) };
}

function make<Name extends keyof HTMLElementTagNameMap>(name: Name, style: Style): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  dress(element, style);
  return element;
}

function dress(element: HTMLElement, style: Style): void {
  for (const name of Object.keys(style)) element.style.setProperty(name, style[name] as string, "important");
}

function ring(element: HTMLElement, isOn: boolean): void {
  dress(element, { outline: isOn ? "3px solid #fff" : "none", "box-shadow": isOn ? "0 0 0 6px #111" : "0 4px 16px rgb(0 0 0 / 0.25)" });
}

function isLight(color: string): boolean {
  const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0) > 0.179;
}

function icon(): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const draw: [SVGElement, string, string][] = [
    [svg, "viewBox", "0 0 24 24"], [svg, "width", "26"], [svg, "height", "26"], [svg, "fill", "none"],
    [svg, "stroke", "currentColor"], [svg, "stroke-width", "1.8"], [svg, "stroke-linejoin", "round"],
    [svg, "aria-hidden", "true"],
    [path, "d", "M4 5.5h16v11H10.5L6 20v-3.5H4zM8.5 9.5h7M8.5 12.5h4.5"],
  ];
  for (const [element, name, value] of draw) element.setAttribute(name, value);
  svg.append(path);
  return svg;
}

const { deployment, token } = script.dataset;
Object.assign(window, { Sortie: { openChat } });
if (deployment) {
  const begin = () => chats.set(deployment, makeChat(token ? { deployment, token } : { deployment }));
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
