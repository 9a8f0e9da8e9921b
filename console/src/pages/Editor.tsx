// One blueprint, open for editing: what the server has, what this browser kept of unsaved edits,
// and the drawing between them.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, answer, api } from "../api/client";
import type { Template } from "../api/types";
import { drawingOf, emptyBlueprint, type Options } from "../blueprint/document";
import { KINDS } from "../blueprint/kinds";
import { type Drawing, placesOf } from "../canvas/drawing";
import { type Editing, EditingContext } from "../canvas/editing";
import { type Base, createEditor } from "../canvas/store";
import { Failure, Loading, useTitle } from "../ui";
import { Workbench } from "./editor/Workbench";

export function Editor({ name }: { name: string }) {
  useTitle(name);
  const saved = useSaved(name);
  const templates = useQuery({
    queryKey: ["templates"],
    queryFn: () => answer(api.GET("/api/v1/templates")),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  // A later look that fails takes nothing away from whoever draws.
  if (saved.error && !saved.data)
    return <Failure error={saved.error} again={() => void saved.refetch()} />;
  // Templates only make a new block begin better: without them it begins empty.
  if (!saved.data || templates.isPending) return <Loading label={`Opening ${name}`} lines={8} />;
  return <Opened name={name} saved={saved.data} templates={templates.data?.items ?? []} />;
}

/** The newest revision; a blueprint that nobody saved yet is an empty one. */
function useSaved(name: string) {
  return useQuery({
    queryKey: ["blueprints", name],
    queryFn: async (): Promise<Base & { deployed: number | null }> => {
      try {
        const path = { params: { path: { name } } };
        const found = await answer(api.GET("/api/v1/blueprints/{name}", path));
        const drawing = drawnFrom(found.document, found.layout, name);
        return { revision: found.revision, deployed: found.deployed_revision, drawing };
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        const drawing = { document: emptyBlueprint(name), places: {} };
        return { revision: null, deployed: null, drawing };
      }
    },
    // Somebody else may save it meanwhile.
    refetchInterval: 15_000,
  });
}

export function drawnFrom(document: unknown, layout: unknown, name: string): Drawing {
  return { document: drawingOf(document) ?? emptyBlueprint(name), places: placesOf(layout) };
}

interface OpenedProps {
  name: string;
  saved: Base & { deployed: number | null };
  templates: readonly Template[];
}

function Opened({ name, saved, templates }: OpenedProps) {
  const [editing] = useState<Editing>(() => ({
    editor: createEditor(name, saved, localStorage),
    starters: startersOf(templates),
  }));
  return (
    <EditingContext value={editing}>
      <Workbench saved={saved} />
    </EditingContext>
  );
}

/** What a new block begins with: the options that its kind needs, as the first template that has
 *  such a block gives them. Names are everybody's own: none are taken over, and maps begin empty. */
export function startersOf(templates: readonly Template[]): Map<string, Options> {
  const blocks = templates.flatMap(({ document }) => drawingOf(document)?.blocks ?? []);
  const starters = new Map<string, Options>();
  for (const kind of KINDS.values()) {
    const example = blocks.find((block) => block.kind === kind.name)?.options ?? {};
    const needed = kind.options.flatMap((option): [string, unknown][] => {
      const { name, required, schema } = option;
      if (!required || schema["x-form"] === "environment") return [];
      if (option.kind === "map") return [[name, {}]];
      return Object.hasOwn(example, name) ? [[name, example[name]]] : [];
    });
    if (needed.length > 0) starters.set(kind.name, Object.fromEntries(needed));
  }
  return starters;
}
