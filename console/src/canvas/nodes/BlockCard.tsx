// A block on the canvas: what it is, the options that matter, its ports, and what is wrong with
// it. While a link is being drawn it says whether the link may end here, and why not.
import { Handle, type NodeProps, Position, useConnection } from "@xyflow/react";
import { memo } from "react";
import { KINDS, leadsTo, titleOf } from "../../blueprint/kinds";
import type { Problem } from "../../blueprint/problem";
import { whyNotLink } from "../../blueprint/rules";
import { classes } from "../../ui/classes";
import { PersonIcon } from "../../ui/icons";
import { type BlockNode, PORT_IN, PORT_WRONG, portTo } from "../convert";
import { useEditing, useEditor } from "../editing";
import "./BlockCard.css";
import { type Fact, factsOf } from "./facts";
import { hueOf, KindTile } from "./looks";

export const BlockCard = memo(function BlockCard({ id, data, selected }: NodeProps<BlockNode>) {
  const { block, problems, isChanged } = data;
  const link = useLinkBeingDrawn(id);
  const { facts, more } = factsOf(block);
  return (
    <div
      className={classes(
        "block",
        selected && "block--selected",
        problems.length > 0 && "block--wrong",
        link?.why === null && "block--allowed",
        link && link.why !== null && "block--refused",
      )}
      style={{ "--hue": hueOf(block.kind) } as object}
    >
      <PortIn kind={block.kind} />
      <header className="block__head">
        <KindTile kind={block.kind} />
        <div className="block__names">
          <span className="block__kind">{titleOf(block.kind)}</span>
          <span className="block__id">{block.id}</span>
        </div>
        {isChanged && <span className="block__staged" title="Has staged changes" />}
        {problems.length > 0 && <ProblemBadge problems={problems} />}
      </header>
      {facts.length > 0 && (
        <dl className="block__facts">
          {facts.map((fact) => (
            <FactRow key={fact.name} fact={fact} />
          ))}
        </dl>
      )}
      {more > 0 && <p className="block__more">and {more} more</p>}
      <Handle
        type="source"
        position={Position.Right}
        id={PORT_WRONG}
        className="port port--none"
        isConnectable={false}
      />
      <Ports id={id} kind={block.kind} drawn={link?.port ?? null} />
      {link?.why && <p className="block__why">{link.why}</p>}
    </div>
  );
});

interface Drawn {
  why: string | null;
  /** The port that takes the link, where it ends at one of several. */
  port: string | null;
}

/** What the link that is being drawn would mean for this block; null while none is. */
function useLinkBeingDrawn(id: string): Drawn | null {
  const { editor } = useEditing();
  const drawn = useConnection((connection) => {
    if (!connection.inProgress || connection.fromNode.id === id) return null;
    return `${connection.fromHandle.type} ${connection.fromNode.id}`;
  });
  if (!drawn) return null;
  const [type, other = ""] = drawn.split(" ");
  const { document } = editor.getState().now;
  if (type === "source") return { why: whyNotLink(document, other, id), port: null };
  const kind = document.blocks.find((block) => block.id === other)?.kind ?? "";
  return { why: whyNotLink(document, id, other), port: portTo(kind) };
}

function ProblemBadge({ problems }: { problems: readonly Problem[] }) {
  const text = problems.map(({ detail, hint }) => `${detail} ${hint}`.trim()).join("\n");
  return (
    <span className="block__problems" title={text}>
      {problems.length}
      <span className="visually-hidden">{problems.length === 1 ? " problem" : " problems"}</span>
    </span>
  );
}

function FactRow({ fact }: { fact: Fact }) {
  return (
    <div className={classes("fact", fact.isDefault && "fact--default")}>
      <dt>{fact.label}</dt>
      <dd>
        {fact.perTenant !== null && (
          <span className="fact__tenant" title={`Each tenant's own: ${fact.perTenant}`}>
            <PersonIcon size={12} />
            <span className="visually-hidden">per tenant</span>
          </span>
        )}
        <span>{fact.text || (fact.perTenant === null ? "—" : fact.perTenant)}</span>
      </dd>
    </div>
  );
}

function PortIn({ kind }: { kind: string }) {
  const takes = KINDS.get(kind)?.links_from ?? [];
  const isOpen = takes.length > 0;
  const label = `From ${takes.map(titleOf).join(" or ")}`;
  return (
    <Handle
      type="target"
      position={Position.Left}
      id={PORT_IN}
      className={isOpen ? "port port--in" : "port port--none"}
      isConnectable={isOpen}
      title={isOpen ? label : undefined}
    />
  );
}

function Ports({ id, kind, drawn }: { id: string; kind: string; drawn: string | null }) {
  const ports = leadsTo(kind);
  const linked = useEditor(({ now }) =>
    now.document.links
      .filter(([from]) => from === id)
      .map(([, to]) => now.document.blocks.find((block) => block.id === to)?.kind)
      .join(" "),
  ).split(" ");
  if (ports.length === 0) return null;
  return (
    <ul className="block__ports">
      {ports.map((port) => {
        const count = linked.filter((other) => other === port.name).length;
        return (
          <li
            key={port.name}
            className="block__port"
            style={{ "--hue": hueOf(port.name) } as object}
          >
            <span>{port.title}</span>
            {count > 1 && <span className="soft">{count}</span>}
            <Handle
              type="source"
              position={Position.Right}
              id={portTo(port.name)}
              className={classes(
                "port port--out",
                count > 0 && "port--linked",
                drawn === portTo(port.name) && "port--drawn",
              )}
              title={`Draw a link to ${port.title}`}
            />
          </li>
        );
      })}
    </ul>
  );
}
