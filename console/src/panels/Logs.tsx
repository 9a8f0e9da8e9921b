// What a tenant's runtime writes: live, to be searched, paused and copied.
import { useEffect, useRef, useState } from "react";
import { Badge, Button, CopyButton, Empty, SearchBox, Switch } from "../ui";
import "./Logs.css";
import { found, type Line } from "./logs/lines";
import { type LogState, useLog } from "./logs/useLog";

const MOST_SHOWN = 1_000;

interface Props {
  slug: string;
  /** Ids of the services beside the agent. */
  services: readonly string[];
}

export function Logs({ slug, services }: Props) {
  const [of, setOf] = useState("");
  // A revision may have taken away the service that was looked at.
  const service = services.includes(of) ? of : "";
  const [search, setSearch] = useState("");
  const [isPaused, setPaused] = useState(false);
  const [hasTimes, setTimes] = useState(false);
  const { kept, state, behind, clear } = useLog(slug, service, isPaused);
  const matching = found(kept.lines, search);
  const shown = matching.slice(-MOST_SHOWN);
  return (
    <section className="logs" aria-label={`Logs of ${slug}`}>
      <div className="logs__tools">
        {services.length > 0 && (
          <select
            className="input input--select logs__of"
            aria-label="Whose log"
            value={service}
            onChange={(event) => setOf(event.target.value)}
          >
            <option value="">agent</option>
            {services.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        )}
        <SearchBox
          label="Search in the log"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <State state={state} isPaused={isPaused} behind={behind} />
        <span className="logs__acts">
          <Switch
            small
            label="Times"
            checked={hasTimes}
            onChange={(event) => setTimes(event.target.checked)}
          />
          <Button size="s" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? "Go on" : "Pause"}
          </Button>
          <Button size="s" onClick={clear}>
            Clear
          </Button>
          <CopyButton text={asText(matching)} />
        </span>
      </div>
      <Window lines={shown} hasTimes={hasTimes} isFollowing={!isPaused}>
        {kept.lines.length === 0 ? (
          <Empty title={state === "away" ? "The log cannot be read now" : "Nothing written yet"}>
            {state === "away"
              ? "It goes on by itself once the steward is back."
              : `Lines appear here as the ${service ? "service" : "runtime"} writes them.`}
          </Empty>
        ) : (
          matching.length === 0 && <Empty title={`No line has "${search}"`} />
        )}
      </Window>
      <p className="soft logs__count" role="status">
        {search
          ? `${matching.length} of ${kept.lines.length} lines match`
          : `${kept.lines.length} lines`}
        {matching.length > MOST_SHOWN && `; the newest ${MOST_SHOWN} are shown`}
        {kept.gone > 0 && `; ${kept.gone} older ones were let go`}
      </p>
    </section>
  );
}

function State({
  state,
  isPaused,
  behind,
}: {
  state: LogState;
  isPaused: boolean;
  behind: number;
}) {
  if (isPaused) return <Badge tone="brass">paused{behind > 0 ? `, ${behind} more` : ""}</Badge>;
  if (state === "away") return <Badge tone="bad">no answer</Badge>;
  return (
    <Badge tone={state === "live" ? "good" : "soft"} live>
      {state === "live" ? "live" : "opening"}
    </Badge>
  );
}

interface WindowProps {
  lines: readonly Line[];
  hasTimes: boolean;
  isFollowing: boolean;
  children: React.ReactNode;
}

/** Stays at the newest line for as long as one is there; scrolling up stops that. */
function Window({ lines, hasTimes, isFollowing, children }: WindowProps) {
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const last = lines.at(-1)?.number;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new last line is what moves it.
  useEffect(() => {
    const element = box.current;
    if (element && isFollowing && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [last, isFollowing]);
  return (
    // Read on demand: a log that reads itself out would never be silent.
    <section
      ref={box}
      className="logs__window mono"
      aria-label="Log lines"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {lines.map(({ number, at, text }) => (
        <div key={number} className="logs__line">
          {hasTimes && <span className="logs__at">{at.slice(0, 23).replace("T", " ")}</span>}
          {text}
        </div>
      ))}
      {children}
    </section>
  );
}

function asText(lines: readonly Line[]): string {
  return lines.map(({ at, text }) => (at ? `${at} ${text}` : text)).join("\n");
}
