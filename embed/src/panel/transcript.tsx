// What was said. It follows the newest line until its reader scrolls away from it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Entry } from "./conversation";
import { DownIcon } from "./icons";
import { Markdown } from "./markdown";

interface Props {
  conversation: Conversation;
  greeting: string | null;
  starters: string[];
  onStart: (text: string) => void;
  onRetry: (id: string, text: string) => void;
}

/** How an answer did not come, for its reader. */
export const NOTES = {
  stopped: "You stopped this answer.",
  failed: "There was no answer: something went wrong. Send your message again, or try later.",
  limit_reached: "There was no answer: this chat has used up what it may. Try again later.",
};

/** Nearer to the end than this, in pixels, its reader follows. */
const NEAR = 40;

export function Transcript({ conversation, greeting, starters, onStart, onRetry }: Props) {
  const { entries, activity } = conversation;
  const scrolled = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAway, setAway] = useState(false);
  const toEnd = () => scrolled.current?.scrollTo({ top: scrolled.current.scrollHeight });
  const last = entries.at(-1);
  useLayoutEffect(() => {
    const isOwn = last?.kind === "said" && last.state === "sending";
    if (follows.current || isOwn) toEnd();
  }, [entries, activity]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scrolled.current as HTMLDivElement;
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
    setAway(!follows.current);
  };
  const isThinking = activity === "working" && !(last?.kind === "said" && last.state === "draft" && last.text);
  return (
    <div class="middle">
      <div class="transcript" ref={scrolled} onScroll={onScroll} tabIndex={0} role="log" aria-live="off"
        aria-label="Conversation" aria-busy={activity === "working"}>
        {greeting && (
          <article class="agent">
            <Markdown text={greeting} />
          </article>
        )}
        {entries.length === 0 && starters.length > 0 && (
          <ul class="starters" aria-label="You could begin with">
            {starters.map((text) => (
              <li key={text}>
                <button type="button" onClick={() => onStart(text)}>
                  {text}
                </button>
              </li>
            ))}
          </ul>
        )}
        {entries.map((entry) => (
          <Line key={entry.id} entry={entry} onRetry={onRetry} />
        ))}
        {isThinking && (
          <p class="thinking" aria-label="The answer is being written">
            <i />
            <i />
            <i />
          </p>
        )}
        {activity === "waits_for_somebody" && (
          <p class="note">Somebody of the team has to agree before the answer goes on. You can wait, or stop it.</p>
        )}
        {activity === "ended" && <p class="note">This conversation has ended.</p>}
      </div>
      {isAway && (
        <button type="button" class="to-end" onClick={toEnd}>
          <DownIcon /> Newest
        </button>
      )}
    </div>
  );
}

function Line({ entry, onRetry }: { entry: Entry; onRetry: Props["onRetry"] }) {
  if (entry.kind === "note") return <p class="note">{NOTES[entry.activity]}</p>;
  if (entry.by === "agent") {
    if (entry.text === "") return null;
    return (
      <article class="agent">
        <span class="unseen">Answer: </span>
        <Markdown text={entry.text} />
        {entry.sources.length > 0 && (
          <ol class="sources" aria-label="Sources">
            {entry.sources.map((name) => (
              <li>{name}</li>
            ))}
          </ol>
        )}
      </article>
    );
  }
  return (
    <article class={`visitor ${entry.state}`}>
      <span class="unseen">You said: </span>
      <p>{entry.text}</p>
      {entry.state === "unsent" && (
        <p class="unsent">
          Not sent.{" "}
          <button type="button" onClick={() => onRetry(entry.id, entry.text)}>
            Try again
          </button>
        </p>
      )}
    </article>
  );
}
