// Above the canvas: where one is, what is staged, and Deploy.
import type { Draft } from "../../canvas/draft";
import { RollOutNote } from "../../panels/deploy/RollOutNote";
import { paths } from "../../router";
import { Badge, Button, ChevronIcon, Link } from "../../ui";
import { useIsGuided } from "../first-deploy/useWizard";
import { Transfer } from "./Transfer";

interface Props {
  draft: Draft;
  deployed: number | null;
  onDeploy(): void;
  onRevisions(): void;
  onProblems(): void;
  onChanges(): void;
}

export function Topbar({ draft, deployed, onDeploy, onRevisions, onProblems, onChanges }: Props) {
  const { base, problems, changes } = draft;
  const staged = changes.length;
  const isGuided = useIsGuided(draft.name);
  return (
    <header className="topbar">
      <div className="topbar__where">
        {isGuided ? (
          <Link to={paths.first} className="topbar__guide">
            Your first deploy
          </Link>
        ) : (
          <Link to={paths.blueprints}>Blueprints</Link>
        )}
        <ChevronIcon size={12} />
        <h1>{draft.name}</h1>
        {base === null ? (
          <Badge tone="brass">not saved yet</Badge>
        ) : (
          <Button
            size="s"
            kind="quiet"
            onClick={onRevisions}
            title="Revisions and their differences"
          >
            revision {base}
            <span className="soft">{deployedWords(base, deployed)}</span>
          </Button>
        )}
      </div>
      <div className="topbar__acts">
        <Transfer draft={draft} />
        <RollOutNote name={draft.name} onOpen={onDeploy} />
        <span className="topbar__state" role="status">
          {problems > 0 ? (
            <button type="button" className="topbar__note topbar__note--bad" onClick={onProblems}>
              {problems === 1 ? "1 problem" : `${problems} problems`}
            </button>
          ) : staged > 0 ? (
            <button type="button" className="topbar__note topbar__note--brass" onClick={onChanges}>
              {staged === 1 ? "1 staged change" : `${staged} staged changes`}
            </button>
          ) : (
            <span className="soft">No changes</span>
          )}
        </span>
        <Button
          kind="primary"
          disabled={problems > 0}
          title={problems > 0 ? "Solve the problems first" : undefined}
          onClick={onDeploy}
        >
          Deploy
        </Button>
      </div>
    </header>
  );
}

function deployedWords(base: number, deployed: number | null): string {
  if (deployed === null) return "not deployed";
  return deployed === base ? "deployed" : `${deployed} is deployed`;
}
