// The drawing of the first deploy is the editor's own unsaved draft, so that the canvas and this
// page show the same one; once it is saved, it is what the server has.
import { useQuery } from "@tanstack/react-query";
import { ApiError, answer, api } from "../../api/client";
import { type Blueprint, drawingOf, meaningOf } from "../../blueprint/document";
import { type Drawing, placesOf } from "../../canvas/drawing";
import { forget, keep, recall } from "../../canvas/unsaved";
import { saveBlueprint } from "../../panels/deploy/useDeploy";

export function keepDrawing(name: string, drawing: Drawing): void {
  keep(localStorage, name, null, { drawing, text: null });
}

/** A template under a name of its own, as the draft; null where it cannot be drawn. */
export function beginFrom(document: unknown, layout: unknown, name: string): Blueprint | null {
  const drawn = drawingOf(document);
  if (!drawn) return null;
  const own = { ...drawn, name };
  keepDrawing(name, { document: own, places: placesOf(layout) });
  return own;
}

export function draftOf(name: string): Drawing | null {
  return recall(localStorage, name, null)?.drawing ?? null;
}

async function savedOf(name: string): Promise<{ revision: number; drawing: Drawing } | null> {
  try {
    const path = { params: { path: { name } } };
    const found = await answer(api.GET("/api/v1/blueprints/{name}", path));
    const document = drawingOf(found.document);
    if (!document) return null;
    const drawing = { document, places: placesOf(found.layout) };
    return { revision: found.revision, drawing };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** What is drawn under this name: the draft, else what the server has; null for nothing. */
export function useDrawing(name: string) {
  return useQuery({
    queryKey: ["first-deploy", name],
    queryFn: async () => draftOf(name) ?? (await savedOf(name))?.drawing ?? null,
    enabled: name !== "",
    staleTime: 0,
  });
}

/** The revision of what is drawn. Asked twice, it saves once. */
export async function revisionOf(name: string, drawing: Drawing): Promise<number> {
  const saved = await savedOf(name);
  const isThere = saved && meaningOf(saved.drawing.document) === meaningOf(drawing.document);
  const revision = isThere ? saved.revision : await saveBlueprint(name, { drawing, base: null });
  forget(localStorage, name, null);
  return revision;
}
