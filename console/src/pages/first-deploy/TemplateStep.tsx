// First step: what kind of thing the tenants get.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Template } from "../../api/types";
import { drawingOf } from "../../blueprint/document";
import { titleOf } from "../../blueprint/kinds";
import { KindTile } from "../../canvas/nodes/looks";
import { classes, Failure, Loading, toast } from "../../ui";
import { beginFrom } from "./drawing";
import { freeName } from "./wizard";

interface Props {
  chosen: string;
  onChoose(template: string, blueprint: string): void;
}

export function TemplateStep({ chosen, onChoose }: Props) {
  const templates = useQuery({
    queryKey: ["templates"],
    queryFn: () => answer(api.GET("/api/v1/templates")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const blueprints = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const error = templates.error ?? blueprints.error;
  if (error) return <Failure error={error} again={() => void templates.refetch()} />;
  if (!templates.data || !blueprints.data) return <Loading label="Reading templates" lines={6} />;
  const taken = new Set(blueprints.data.items.map(({ name }) => name));
  const choose = ({ name, document, layout }: Template) => {
    const own = freeName(name, taken);
    if (beginFrom(document, layout, own)) onChoose(name, own);
    else toast("This template cannot be drawn by this console. Choose another one.", "bad");
  };
  return (
    <ul className="choices">
      {templates.data.items.map((template) => (
        <li key={template.name}>
          <button
            type="button"
            className={classes("choice", template.name === chosen && "choice--on")}
            onClick={() => choose(template)}
          >
            <strong>{template.title}</strong>
            <span className="soft">{template.description}</span>
            <span className="choice__kinds">{kindsOf(template)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function kindsOf({ document }: Template) {
  const kinds = new Set(drawingOf(document)?.blocks.map(({ kind }) => kind));
  return [...kinds].map((kind) => (
    <span key={kind} title={titleOf(kind)}>
      <KindTile kind={kind} small />
      <span className="visually-hidden">{titleOf(kind)}</span>
    </span>
  ));
}
