// The picture and the colour of each kind of block: all that the canvas knows about a kind by its
// name. A kind that has none here is drawn with a plain one.
import type { ReactNode } from "react";
import "./looks.css";

interface Look {
  /** Degrees on the colour circle. */
  hue: number;
  picture: ReactNode;
}

const PLAIN: Look = { hue: 210, picture: <path d="M3.5 3.5h9v9h-9z" /> };

const LOOKS: ReadonlyMap<string, Look> = new Map([
  [
    "url",
    {
      hue: 240,
      picture: (
        <path d="M8 14A6 6 0 108 2a6 6 0 000 12zM2 8h12M8 2c2 1.7 2.6 3.8 2.6 6S10 12.3 8 14M8 2C6 3.7 5.4 5.8 5.4 8S6 12.3 8 14" />
      ),
    },
  ],
  [
    "openclaw",
    {
      hue: 188,
      picture: (
        <path d="M8 14.200A5.7 5.7 0 108 2.800a5.7 5.7 0 000 11.400zM8 10.800a2.3 2.3 0 100-4.6 2.3 2.3 0 000 4.600zM3.2 9.500c1-1 2-1 3 0M9.8 9.500c1-1 2-1 3 0" />
      ),
    },
  ],
  [
    "model",
    {
      hue: 300,
      picture: <path d="M8 2l1.5 4.500L14 8l-4.5 1.500L8 14l-1.5-4.500L2 8l4.5-1.500z" />,
    },
  ],
  ["prompt", { hue: 350, picture: <path d="M2.5 3h11v8H8l-3 2.500V11H2.500zM5 6h6M5 8.300h4" /> }],
  [
    "volume",
    {
      hue: 75,
      picture: (
        <path d="M8 6c3 0 5.2-.9 5.2-2S11 2 8 2 2.8 2.9 2.8 4 5 6 8 6zM2.8 4v8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2V4M2.8 8c0 1.1 2.2 2 5.2 2s5.2-.9 5.2-2" />
      ),
    },
  ],
  [
    "secret",
    {
      hue: 35,
      picture: (
        <path d="M5.2 13.200a2.8 2.8 0 100-5.6 2.8 2.8 0 000 5.600zM7.2 8.400L13 2.600M10.5 5l2 2M8.7 6.900l1.3 1.3" />
      ),
    },
  ],
  [
    "variables",
    {
      hue: 145,
      picture: (
        <path d="M5 2.500c-1.7 0-1.5 1.5-1.5 2.700S3.3 8 2 8c1.3 0 1.5 1.5 1.5 2.800S3.3 13.5 5 13.500M11 2.500c1.7 0 1.5 1.5 1.5 2.700S12.7 8 14 8c-1.3 0-1.5 1.5-1.5 2.800s.2 2.7-1.5 2.700M6.5 8h3" />
      ),
    },
  ],
  [
    "egress",
    {
      hue: 265,
      picture: <path d="M9.5 3.500H3v9h6.500M6.5 8h7.500M11.3 5.300L14 8l-2.7 2.7" />,
    },
  ],
  [
    "service",
    {
      hue: 165,
      picture: <path d="M8 1.800L13.5 5v6L8 14.2 2.5 11V5zM2.5 5L8 8.2 13.5 5M8 8.200v6" />,
    },
  ],
]);

export function hueOf(kind: string): number {
  return (LOOKS.get(kind) ?? PLAIN).hue;
}

export function KindPicture({ kind, size = 16 }: { kind: string; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {(LOOKS.get(kind) ?? PLAIN).picture}
    </svg>
  );
}

/** The picture on its coloured ground. */
export function KindTile({ kind, small = false }: { kind: string; small?: boolean }) {
  return (
    <span className={small ? "tile tile--s" : "tile"} style={{ "--hue": hueOf(kind) } as object}>
      <KindPicture kind={kind} size={small ? 14 : 17} />
    </span>
  );
}
