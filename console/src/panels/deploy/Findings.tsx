// What the server says of a document before it is deployed: each with the way to its block.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Problem } from "../../api/types";
import { type Blueprint, meaningOf } from "../../blueprint/document";
import { classes, WarningIcon } from "../../ui";
import "./Findings.css";

/** The server's own word: it knows what the browser cannot, such as what is not enforced yet. */
export function useCheck(document: Blueprint) {
  return useQuery({
    queryKey: ["check", meaningOf(document)],
    queryFn: () => answer(api.POST("/api/v1/blueprints/check", { body: { ...document } })),
  });
}

interface Props {
  title: string;
  tone: "bad" | "brass";
  found: readonly Problem[];
  /** Go to the block; left out where there is no canvas. */
  onGo?: ((blocks: string[]) => void) | undefined;
}

export function Findings({ title, tone, found, onGo }: Props) {
  if (found.length === 0) return null;
  return (
    <section className={classes("findings", `findings--${tone}`)} aria-label={title}>
      <h3>
        <WarningIcon /> {title}
      </h3>
      <ul>
        {found.map((problem, index) => (
          <li key={index}>
            <Finding problem={problem} onGo={onGo} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Finding({ problem, onGo }: { problem: Problem; onGo: Props["onGo"] }) {
  const { block, link, detail, hint } = problem;
  const blocks = block ? [block] : (link ?? []);
  const text = (
    <span>
      {detail} {hint && <span className="findings__hint">{hint}</span>}
    </span>
  );
  if (!onGo || blocks.length === 0) return text;
  return (
    <button type="button" className="findings__go" onClick={() => onGo(blocks)}>
      {text}
      <span className="mono">Go to {blocks.join(" → ")}</span>
    </button>
  );
}
