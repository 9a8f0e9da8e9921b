// One limit: a slider through usual sizes, the exact number, and how much of it is used.
import { Badge, Button, Field, UndoIcon } from "../../ui";
import { type Limit, meantLimit, optionFor, said, stopsFor, titleFor, usedSaid } from "./limits";

interface Props {
  limit: Limit;
  now: number;
  isOwn: boolean;
  edit: string | null | undefined;
  /** What all of the tenant's programs use at the moment, in the limit's unit; null where nobody
   *  knows. */
  used: number | null;
  /** What they may use together: more than the agent's own limit where services are beside it. */
  total: number;
  error: string | undefined;
  onEdit(next: string | null): void;
}

export function LimitField({ limit, now, isOwn, edit, used, total, error, onEdit }: Props) {
  const option = optionFor(limit);
  const title = titleFor(limit);
  const isOwnNow = edit === undefined ? isOwn : edit !== null;
  const written = edit ?? String(now);
  const value = meantLimit(written);
  const stops = stopsFor(limit, value, limit === "disk_mb" ? now : 0);
  const at = stops.indexOf(value);
  return (
    <Field
      label={title}
      error={error}
      help={option?.schema.description}
      aside={
        <span className="value__origin">
          {edit === null ? (
            <Badge tone="brass">back to the blueprint's</Badge>
          ) : (
            <Badge tone={isOwnNow ? "brass" : "soft"}>{isOwnNow ? "own" : "inherited"}</Badge>
          )}
          {isOwnNow && (
            <Button
              size="s"
              kind="quiet"
              icon={<UndoIcon size={14} />}
              aria-label={`Reset ${title}`}
              title="Back to what the blueprint says"
              onClick={() => onEdit(null)}
            >
              Reset
            </Button>
          )}
        </span>
      }
    >
      {(wired) => (
        <>
          <div className="limit">
            <input
              type="range"
              className="limit__slider"
              aria-label={`${title}, in steps`}
              aria-valuetext={Number.isFinite(value) ? said(limit, value) : "no number"}
              min={0}
              max={stops.length - 1}
              value={Math.max(at, 0)}
              onChange={(event) => onEdit(String(stops[Number(event.target.value)] ?? now))}
            />
            <input
              {...wired}
              type="text"
              inputMode="decimal"
              autoComplete="off"
              className="input mono"
              value={written}
              onChange={(event) => onEdit(event.target.value)}
            />
          </div>
          {used !== null && (
            <Used limit={limit} used={used} of={total} isShared={total > now} title={title} />
          )}
        </>
      )}
    </Field>
  );
}

const NEARLY = 0.9;

interface UsedProps {
  limit: Limit;
  used: number;
  of: number;
  isShared: boolean;
  title: string;
}

function Used({ limit, used, of, isShared, title }: UsedProps) {
  const share = of > 0 ? Math.min(used / of, 1) : 0;
  return (
    <div className="used">
      <meter
        className="used__bar"
        aria-label={`${title} used`}
        min={0}
        max={1}
        high={NEARLY}
        value={share}
      />
      <span className="soft">
        {usedSaid(limit, used, of)}
        {isShared && " with its services"}
      </span>
    </div>
  );
}
