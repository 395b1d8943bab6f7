// The panel begins: with what the page brought along, or, where a token is needed first, with the first token.

import { render } from "preact";
import { Panel } from "./app";
import { Chat } from "./chat";
import { Client } from "./client";
import { Parent } from "./parent";
import type { Look } from "./protocol";
import { secretOf } from "./secret";
import { dress } from "./theme";
import "./panel.css";

const root = document.getElementById("chat") as HTMLElement;
const parent = new Parent((root.dataset["origins"] ?? "").split(" ").filter(Boolean));
const address = location.pathname.replace(/\/+$/, "");
const client = new Client(address, "", () => parent.name);
let chat: Chat | null = null;

takeTokenFromAddress();
parent.listen((message) => {
  if (message.type === "sortie:open") document.querySelector<HTMLElement>("#say")?.focus();
  else if (message.type === "sortie:token") void useToken(message.token);
  else if (chat) introduce(chat.look);
});

const look = root.dataset["look"];
if (look) begin(JSON.parse(look));
else {
  dress({ theme: "auto", color: null });
  parent.say({ type: "sortie:token-needed" });
}

/** It stood in the address for the first request alone: nothing that the page leads to learns it. */
function takeTokenFromAddress(): void {
  const query = new URLSearchParams(location.search);
  client.token = query.get("token");
  if (client.token) history.replaceState(null, "", location.pathname);
}

async function useToken(token: string): Promise<void> {
  if (chat) return chat.hasToken(token);
  client.token = token;
  try {
    begin(await client.look());
  } catch {
    // What the page says stays there; another token may be better.
  }
}

function begin(look: Look): void {
  if (chat) return;
  client.secret = secretOf(look.id);
  dress(look);
  document.title = look.name;
  chat = new Chat(look, client, parent);
  root.textContent = "";
  render(<Panel chat={chat} isFramed={parent.isThere} />, root);
  chat.connect();
  introduce(look);
}

function introduce({ name, position, color }: Look): void {
  parent.say({ type: "sortie:ready", name, position, color });
}
