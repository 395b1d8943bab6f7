// What is wrong, and what to do about it.

import { useEffect, useState } from "preact/hooks";
import type { Shown } from "./chat";
import { WarningIcon } from "./icons";

interface Props {
  shown: Shown;
  onConnect: () => void;
  onStartAgain: () => void;
}

export function Notices({ shown: { line, failure, conversation }, onConnect, onStartAgain }: Props) {
  if (line.state === "over") return <Notice text={line.failure.message} id={line.failure.request_id} />;
  if (conversation.activity === "ended" || failure?.code === "ended") {
    return <Notice text="This conversation has ended." action="Begin a new one" onAction={onStartAgain} />;
  }
  if (line.state === "needs_token") {
    return <Notice text="Your visit has to be renewed. If this stays, reload the page: nothing is lost." />;
  }
  if (line.state === "broken") return <Broken retryAt={line.retryAt} onConnect={onConnect} />;
  return failure && <Notice text={failure.message} id={failure.request_id} />;
}

function Notice(props: { text: string; id?: string | undefined; action?: string; onAction?: () => void }) {
  return (
    <div class="notice" role="alert">
      <WarningIcon />
      <p>
        {props.text} {props.id && <small>{props.id}</small>}
      </p>
      {props.action && (
        <button type="button" onClick={props.onAction}>
          {props.action}
        </button>
      )}
    </div>
  );
}

/** A broken line is not told of before it has been for a moment: most mend at once. */
const QUIET_MS = 1_500;

function Broken({ retryAt, onConnect }: { retryAt: number; onConnect: () => void }) {
  const [began] = useState(() => Date.now());
  const [now, setNow] = useState(began);
  useEffect(() => {
    const ticks = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(ticks);
  }, []);
  if (now - began < QUIET_MS) return null;
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <div class="notice">
      <WarningIcon />
      <p>
        <span role="status">The connection is lost. Nothing that was said is.</span>{" "}
        {seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again."}
      </p>
      <button type="button" onClick={onConnect}>
        Now
      </button>
    </div>
  );
}
