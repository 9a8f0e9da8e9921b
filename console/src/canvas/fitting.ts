// How everything is fitted into the window: what lies over the canvas keeps its room.
import type { FitViewOptions } from "@xyflow/react";

const NARROW = 640;

export function fitting(animated = true): FitViewOptions {
  const left = innerWidth > NARROW ? "216px" : "16px";
  return {
    padding: { left, right: "24px", top: "24px", bottom: "72px" },
    maxZoom: 1,
    ...(animated && moving(200)),
  };
}

/** For what React Flow moves by itself: `ms` long, at once for who asked for less motion. */
export function moving(ms: number): { duration?: number } {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? {} : { duration: ms };
}
