// Dragging a kind from the palette onto the canvas, with pointer events: the same for a mouse, a
// pen and a finger, and something to see all the way.
import { type RefObject, useEffect, useRef } from "react";
import { create } from "zustand";
import type { Point } from "./drawing";

interface Dragged {
  kind: string;
  at: Point;
}

export const useDragged = create<{ dragged: Dragged | null }>(() => ({ dragged: null }));

const FAR_ENOUGH = 5;

type Drop = (kind: string, at: Point) => void;
let drop: Drop | null = null;

/** To be called when a pointer goes down on a kind; a short press stays a click. */
export function startDrag(kind: string, start: Point): void {
  const move = ({ clientX: x, clientY: y }: PointerEvent) => {
    const isFar = Math.hypot(x - start.x, y - start.y) > FAR_ENOUGH;
    if (isFar || useDragged.getState().dragged)
      useDragged.setState({ dragged: { kind, at: { x, y } } });
  };
  const stop = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", stop);
    removeEventListener("keydown", onKey);
    useDragged.setState({ dragged: null });
  };
  const up = ({ clientX: x, clientY: y }: PointerEvent) => {
    const wasDragged = useDragged.getState().dragged !== null;
    stop();
    if (wasDragged) drop?.(kind, { x, y });
  };
  const onKey = (event: KeyboardEvent) => event.key === "Escape" && stop();
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
  addEventListener("pointercancel", stop);
  addEventListener("keydown", onKey);
}

/** Take what is dropped over this frame, and not over the palette that lies on it. */
export function useDropFromPalette(frame: RefObject<HTMLElement | null>, onDrop: Drop): void {
  const latest = useRef(onDrop);
  useEffect(() => {
    latest.current = onDrop;
  });
  useEffect(() => {
    drop = (kind, at) => {
      const below = document.elementFromPoint(at.x, at.y);
      if (below && frame.current?.contains(below)) latest.current(kind, at);
    };
    return () => {
      drop = null;
    };
  }, [frame]);
}
