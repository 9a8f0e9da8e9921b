// Every problem of what is drawn, in one list; each leads to the block that has it.
import type { Problem } from "../blueprint/problem";
import { problemsOf, useActions, useEditor } from "../canvas/editing";
import { CheckIcon, Empty } from "../ui";
import "./Problems.css";

export function Problems({ onGo }: { onGo(): void }) {
  const document = useEditor((state) => state.now.document);
  const { select } = useActions();
  const problems = problemsOf(document);
  if (problems.length === 0) {
    return (
      <Empty title="No problems" icon={<CheckIcon size={24} />}>
        This blueprint can be deployed as it is drawn.
      </Empty>
    );
  }
  const go = ({ block, link }: Problem) => {
    select(block ? [block] : (link ?? []).slice(0, 2));
    onGo();
  };
  return (
    <ul className="problems">
      {problems.map((problem, index) => (
        <li key={index}>
          <ProblemRow problem={problem} onGo={go} />
        </li>
      ))}
    </ul>
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
