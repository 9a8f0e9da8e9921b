// The list of revisions, newest first. Two of them are chosen for comparing: from, and to.
import { Badge, Button, classes } from "../../ui";

interface Revision {
  revision: number;
  created_at: string;
}

interface Props {
  items: readonly Revision[];
  deployed: number | null;
  pair: [from: number, to: number];
  onPair(pair: [from: number, to: number]): void;
  onDeploy(revision: number): void;
}

export function History({ items, deployed, pair, onPair, onDeploy }: Props) {
  const [from, to] = pair;
  return (
    <div className="history">
      <p className="history__head soft" aria-hidden="true">
        <span>from</span>
        <span>to</span>
      </p>
      <ul>
        {items.map(({ revision, created_at }) => {
          const isChosen = revision === from || revision === to;
          return (
            <li key={revision} className={classes("history__row", isChosen && "history__row--on")}>
              <Choice
                name="from"
                label={`Compare from revision ${revision}`}
                checked={from === revision}
                onChoose={() => onPair([revision, to])}
              />
              <Choice
                name="to"
                label={`Compare to revision ${revision}`}
                checked={to === revision}
                onChoose={() => onPair([from, revision])}
              />
              <span className="history__what">
                <span>
                  <strong>Revision {revision}</strong>{" "}
                  {revision === deployed && <Badge tone="good">deployed</Badge>}
                </span>
                <time className="soft" dateTime={created_at}>
                  {new Date(created_at).toLocaleString()}
                </time>
              </span>
              <Button
                size="s"
                aria-label={`Deploy revision ${revision}`}
                onClick={() => onDeploy(revision)}
              >
                Deploy
              </Button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Choice({
  name,
  label,
  checked,
  onChoose,
}: {
  name: string;
  label: string;
  checked: boolean;
  onChoose(): void;
}) {
  return (
    <label className="history__choice">
      <input type="radio" name={name} aria-label={label} checked={checked} onChange={onChoose} />
    </label>
  );
}
