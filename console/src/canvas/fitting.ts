// How everything is fitted into the window: what lies over the canvas keeps its room.
import type { FitViewOptions } from "@xyflow/react";

const PHONE = 640;
/** The palette at the left; tools and the small map below. A phone has the tools alone. */
const ROOM = { left: "216px", right: "24px", top: "24px", bottom: "112px" } as const;
const ROOM_ON_A_PHONE = { left: "16px", right: "24px", top: "24px", bottom: "72px" } as const;

export function fitting(animated = true): FitViewOptions {
  return {
    padding: innerWidth > PHONE ? ROOM : ROOM_ON_A_PHONE,
    maxZoom: 1,
    ...(animated && moving(200)),
  };
}

/** For what React Flow moves by itself: `ms` long, at once for who asked for less motion. */
export function moving(ms: number): { duration?: number } {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? {} : { duration: ms };
}
