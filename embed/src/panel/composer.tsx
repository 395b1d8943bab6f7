// Where the visitor writes. While an answer is being written, its button stops it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { SendIcon, StopIcon } from "./icons";

interface Props {
  isBusy: boolean;
  maxChars: number;
  onSay: (text: string) => void;
  onStop: () => void;
}

const HEIGHT_MAX = 160;

export function Composer({ isBusy, maxChars, onSay, onStop }: Props) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const { current } = field;
    if (!current) return;
    // One line by itself: before the frame is shown, nothing can be measured.
    current.style.height = "";
    if (text) current.style.height = `${Math.min(current.scrollHeight, HEIGHT_MAX)}px`;
  }, [text]);
  // As the server counts them.
  const left = maxChars - [...text.trim()].length;
  const canSay = !isBusy && text.trim() !== "" && left >= 0;
  const say = () => {
    if (!canSay) return;
    onSay(text.trim());
    setText("");
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say();
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); say(); }}>
      <textarea id="say" ref={field} rows={1} value={text} placeholder="Write a message" aria-label="Your message"
        aria-describedby={left < 200 ? "left" : undefined} aria-invalid={left < 0} enterkeyhint="send"
        onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown} />
      {isBusy ? (
        <button type="button" class="do" title="Stop" aria-label="Stop the answer" onClick={onStop}>
          <StopIcon />
        </button>
      ) : (
        <button type="submit" class="do" title="Send" aria-label="Send" disabled={!canSay}>
          <SendIcon />
        </button>
      )}
      {left < 200 && (
        <p id="left" class={left < 0 ? "left over" : "left"}>
          {left < 0 ? `${-left} characters too many` : `${left} characters left`}
        </p>
      )}
    </form>
  );
}
