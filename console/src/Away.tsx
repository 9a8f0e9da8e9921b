// The server is away: said over the page without moving it, with a way to look at once. When it
// is back, everything on the page is asked for anew (api/queries.ts).
import { useEffect, useRef } from "react";
import "./Away.css";
import { lookAgain, useNews } from "./api/events";
import { Button, RefreshIcon, toast } from "./ui";

export function Away() {
  const state = useNews((news) => news.state);
  const was = useRef(state);
  useEffect(() => {
    if (was.current === "away" && state === "live") {
      toast("The control plane answers again.", "good");
    }
    was.current = state;
  }, [state]);
  return (
    <div role="status">
      {state === "away" && (
        <div className="away__bar">
          <span>
            <strong>The control plane does not answer.</strong> Your edits are kept in this browser,
            and the page goes on by itself when it is back. Tenants answer meanwhile.
          </span>
          <Button size="s" icon={<RefreshIcon />} onClick={lookAgain}>
            Try now
          </Button>
        </div>
      )}
    </div>
  );
}
