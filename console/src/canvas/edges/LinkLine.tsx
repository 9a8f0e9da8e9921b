// A link on the canvas: a calm curve, brass while it is staged, red where it is wrong, with a
// button to take it out once it is chosen.
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { classes } from "../../ui/classes";
import { CloseIcon } from "../../ui/icons";
import type { LinkEdge } from "../convert";
import { removeLinks } from "../drawing";
import { useActions, useEditor } from "../editing";
import "./LinkLine.css";

export function LinkLine({ source, target, data, selected, ...place }: EdgeProps<LinkEdge>) {
  const { edit } = useActions();
  const [path, x, y] = getBezierPath({ ...place, curvature: 0.35 });
  // Links of chosen blocks are chosen with them: the button is for a link by itself.
  const isAlone = useEditor(({ selection }) => selection.size === 0);
  const problems = data?.problems ?? [];
  return (
    <>
      <BaseEdge
        path={path}
        interactionWidth={24}
        className={classes(
          "link",
          selected && "link--selected",
          data?.isNew && "link--staged",
          problems.length > 0 && "link--wrong",
        )}
      />
      {selected && isAlone && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="link__remove nodrag nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            aria-label={`Remove the link from ${source} to ${target}`}
            title="Remove the link"
            onClick={() => edit((now) => removeLinks(now, [[source, target]]))}
          >
            <CloseIcon size={12} />
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
