// Third step: what was drawn for you, block by block. Accept it, or open it on the canvas; what is
// changed there is here when one comes back.
import type { Blueprint } from "../../blueprint/document";
import { KINDS } from "../../blueprint/kinds";
import { check } from "../../blueprint/rules";
import { factsOf } from "../../canvas/nodes/facts";
import { KindTile } from "../../canvas/nodes/looks";
import { Findings } from "../../panels/deploy/Findings";
import { paths } from "../../router";
import { Button, Link } from "../../ui";
import { purposeOf } from "./wizard";

interface Props {
  document: Blueprint;
  onBack(): void;
  onNext(): void;
}

export function DrawStep({ document, onBack, onNext }: Props) {
  const problems = check(document);
  return (
    <div className="step">
      <Findings title="To solve on the canvas first" tone="bad" found={problems} />
      <ul className="drawn">
        {document.blocks.map((block) => (
          <li key={block.id}>
            <KindTile kind={block.kind} />
            <span className="drawn__what">
              <strong>{KINDS.get(block.kind)?.title ?? block.kind}</strong>{" "}
              <span className="mono soft">{block.id}</span>
              <span className="soft">{purposeOf(block.kind)}</span>
            </span>
            <span className="drawn__facts">
              {factsOf(block).facts.map((fact) => (
                <span key={fact.name} title={fact.text}>
                  <span className="soft">{fact.label}</span> {fact.text}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
      <div className="step__acts">
        <Button onClick={onBack}>Back</Button>
        <Link button="plain" to={paths.blueprint(document.name)}>
          Open on the canvas
        </Link>
        <Button kind="primary" disabled={problems.length > 0} onClick={onNext}>
          Accept it
        </Button>
      </div>
    </div>
  );
}
