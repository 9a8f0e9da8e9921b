// The console's pictures: one stroke, 16 by 16, drawn with the colour of the text around them.
import type { ReactNode } from "react";

function icon(drawing: ReactNode, box = 16) {
  // biome-ignore lint/correctness/noComponentHookFactories: called at the module's level only.
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox={`0 0 ${box} ${box}`}
        fill="none"
        stroke="currentColor"
        strokeWidth={box / 10.5}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {drawing}
      </svg>
    );
  };
}

export const CloseIcon = icon(<path d="M4 4l8 8M12 4l-8 8" />);
export const CheckIcon = icon(<path d="M3 8.5l3.2 3.2L13 5" />);
export const CopyIcon = icon(<path d="M6 6h7v7H6zM3 10V3h7" />);
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />);
export const MinusIcon = icon(<path d="M3 8h10" />);
export const SearchIcon = icon(
  <path d="M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.3 10.3L14 14" />,
);
export const WarningIcon = icon(<path d="M8 2.2L14.3 13H1.7zM8 6.5v3M8 11.4v.1" />);
export const UndoIcon = icon(<path d="M6 3L3 6l3 3M3 6h6.5a3.5 3.5 0 010 7H7" />);
export const RedoIcon = icon(<path d="M10 3l3 3-3 3M13 6H6.5a3.5 3.5 0 000 7H9" />);
export const FitIcon = icon(<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />);
export const LayoutIcon = icon(
  <path d="M2.5 6h4v4h-4zM9.5 2.5h4v4h-4zM9.5 9.5h4v4h-4zM6.5 8h1.5V4.5h1.5M8 8v3.5h1.5" />,
);
export const TrashIcon = icon(
  <path d="M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4" />,
);
export const DownloadIcon = icon(<path d="M8 2.5v7.5M4.8 7L8 10.2 11.2 7M2.5 13.5h11" />);
export const UploadIcon = icon(<path d="M8 10.2V2.7M4.8 5.7L8 2.5l3.2 3.2M2.5 13.5h11" />);
export const HelpIcon = icon(<path d="M5.8 6a2.2 2.2 0 114 1.3C9 8.2 8 8.5 8 9.7M8 12.4v.1" />);
export const UpIcon = icon(<path d="M8 13V3M4 7l4-4 4 4" />);
export const DownIcon = icon(<path d="M8 3v10M4 9l4 4 4-4" />);
export const ChevronIcon = icon(<path d="M6 3.5L10.5 8 6 12.5" />);
export const SunIcon = icon(
  <path d="M8 10.8a2.8 2.8 0 100-5.6 2.8 2.8 0 000 5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />,
);
export const MoonIcon = icon(<path d="M13 9.5A5.5 5.5 0 016.5 3 5.5 5.5 0 1013 9.5z" />);
export const AutoThemeIcon = icon(
  <path d="M8 13.5a5.5 5.5 0 100-11v11zM8 13.5a5.5 5.5 0 010-11" />,
);
export const LinkIcon = icon(
  <path d="M6.5 9.5l3-3M7.5 4.8L9 3.3a2.6 2.6 0 013.7 3.7l-1.5 1.5M8.5 11.2L7 12.7a2.6 2.6 0 01-3.7-3.7l1.5-1.5" />,
);
export const PersonIcon = icon(
  <path d="M8 8a2.7 2.7 0 100-5.4A2.7 2.7 0 008 8zM3 13.5c.4-2.6 2.3-4 5-4s4.6 1.4 5 4" />,
);
export const AlignLeftIcon = icon(<path d="M2.5 2.5v11M5 4.5h8v2.5H5zM5 9.5h5V12H5z" />);
export const AlignTopIcon = icon(<path d="M2.5 2.5h11M4.5 5v8h2.5V5zM9.5 5v5H12V5z" />);
export const SpreadIcon = icon(<path d="M2.5 2.5v11M13.5 2.5v11M6 5h4v6H6z" />);
export const OverviewIcon = icon(
  <path d="M2.5 2.5h5v5h-5zM9.5 2.5h4v3h-4zM9.5 7.5h4v6h-4zM2.5 9.5h5v4h-5z" />,
);
export const BlueprintIcon = icon(
  <path d="M2.5 6h4v4h-4zM9.5 3h4v4h-4zM9.5 10h4v3.5h-4zM6.5 8h3M8 8V5h1.5M8 8v3.5h1.5" />,
);
export const TenantsIcon = icon(
  <path d="M2.5 13.5v-9h4v9zM9.5 13.5v-11h4v11zM1.5 13.5h13M4.5 7h.1M4.5 10h.1M11.5 5.5h.1M11.5 8.5h.1" />,
);
export const SignUpIcon = icon(<path d="M5.5 4L2 8l3.5 4M10.5 4L14 8l-3.5 4" />);
export const ProvidersIcon = icon(
  <path d="M8 2.5l1.3 3.4 3.6.2-2.8 2.3.9 3.5L8 9.9l-3 2 .9-3.5L3.1 6.1l3.6-.2z" />,
);
export const SettingsIcon = icon(
  <path d="M2.5 4.5h6M11.5 4.5h2M10 6a1.5 1.5 0 100-3 1.5 1.5 0 000 3zM2.5 11.5h2M7.5 11.5h6M6 13a1.5 1.5 0 100-3 1.5 1.5 0 000 3z" />,
);
export const ExternalIcon = icon(<path d="M9 2.5h4.5V7M13.5 2.5L7.5 8.5M11.5 9.5v4h-9v-9h4" />);
export const RefreshIcon = icon(<path d="M13 3.5V7H9.5M12.7 7A5 5 0 103 9.5" />);
