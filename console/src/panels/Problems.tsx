// Every problem of what is drawn, in one list, and what is worth knowing besides; each leads to the
// block that has it.
import type { Problem } from "../blueprint/problem";
import { noticesOf } from "../blueprint/rules";
import { problemsOf, useActions, useEditor } from "../canvas/editing";
import { CheckIcon, Empty } from "../ui";
import { Findings } from "./deploy/Findings";
import "./Problems.css";

export function Problems({ onGo }: { onGo(): void }) {
  const document = useEditor((state) => state.now.document);
  const { select } = useActions();
  const problems = problemsOf(document);
  const go = (blocks: string[]) => {
    select(blocks);
    onGo();
  };
  return (
    <>
      {problems.length === 0 ? (
        <Empty title="No problems" icon={<CheckIcon size={24} />}>
          This blueprint can be deployed as it is drawn.
        </Empty>
      ) : (
        <ul className="problems">
          {problems.map((problem, index) => (
            <li key={index}>
              <ProblemRow
                problem={problem}
                onGo={({ block, link }) => go(block ? [block] : (link ?? []).slice(0, 2))}
              />
            </li>
          ))}
        </ul>
      )}
      <div className="problems__notices">
        <Findings title="Good to know" tone="brass" found={noticesOf(document)} onGo={go} />
      </div>
    </>
  );
}

function ProblemRow({ problem, onGo }: { problem: Problem; onGo(problem: Problem): void }) {
  const { block, link, detail, hint } = problem;
  const where = block ?? link?.join(" → ");
  const text = (
    <>
      <span className="problems__detail">{detail}</span>
      {hint && <span className="soft">{hint}</span>}
    </>
  );
  if (!where) return <div className="problems__row">{text}</div>;
  return (
    <button type="button" className="problems__row" onClick={() => onGo(problem)}>
      {text}
      <span className="mono problems__where">{where}</span>
    </button>
  );
}
