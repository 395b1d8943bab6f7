// The panel as a whole: a dialog with what was said, what is wrong, and where to say something.

import { useEffect, useState } from "preact/hooks";
import type { Chat, Shown } from "./chat";
import { Composer } from "./composer";
import { isBusy } from "./conversation";
import { AgainIcon, CloseIcon } from "./icons";
import { Notices } from "./notices";
import { Spoken } from "./spoken";
import { Transcript } from "./transcript";

export function Panel({ chat, isFramed }: { chat: Chat; isFramed: boolean }) {
  const shown = useShown(chat);
  const { conversation, line } = shown;
  const { look } = chat;
  const isOver = line.state === "over" || conversation.activity === "ended";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.isComposing) chat.close();
  };
  return (
    <div class="panel" role="dialog" aria-label={look.name} onKeyDown={onKeyDown}>
      <header>
        <h1>{look.name}</h1>
        {conversation.entries.length > 0 && (
          <button type="button" class="icon" title="New conversation" aria-label="New conversation"
            onClick={() => chat.startAgain()}>
            <AgainIcon />
          </button>
        )}
        {isFramed && (
          <button type="button" class="icon" title="Close" aria-label="Close the chat" onClick={() => chat.close()}>
            <CloseIcon />
          </button>
        )}
      </header>
      <Transcript
        conversation={conversation}
        greeting={look.greeting}
        starters={look.starters}
        onStart={(text) => void chat.say(text)}
        onRetry={(id, text) => void chat.say(text, id)}
      />
      <Notices shown={shown} onConnect={() => chat.connect()} onStartAgain={() => chat.startAgain()} />
      {!isOver && (
        <Composer
          isBusy={isBusy(conversation)}
          maxChars={look.max_chars}
          onSay={(text) => void chat.say(text)}
          onStop={() => void chat.stop()}
        />
      )}
      <Spoken conversation={conversation} />
    </div>
  );
}

/** What is shown now. Of many changes within a frame the last is drawn. */
function useShown(chat: Chat): Shown {
  const [shown, setShown] = useState(chat.now);
  useEffect(() => {
    let frame = 0;
    const draw = () => {
      frame = 0;
      setShown(chat.now);
    };
    draw();
    const stop = chat.listen(() => {
      frame ||= requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [chat]);
  return shown;
}
