// The navigation at the left; on a phone a bar at the bottom with what is needed there.
import { useInstallation } from "./api/installation";
import { paths, type Route } from "./router";
import { nextTheme, useTheme } from "./theme";
import {
  AutoThemeIcon,
  BlueprintIcon,
  classes,
  IconButton,
  Link,
  MoonIcon,
  OverviewIcon,
  ProvidersIcon,
  SettingsIcon,
  SignUpIcon,
  SunIcon,
  TenantsIcon,
} from "./ui";

const PLACES = [
  { title: "Overview", to: paths.overview, icon: OverviewIcon, pages: ["overview", "first"] },
  {
    title: "Blueprints",
    to: paths.blueprints,
    icon: BlueprintIcon,
    pages: ["blueprints", "blueprint"],
  },
  { title: "Tenants", to: paths.tenants, icon: TenantsIcon, pages: ["tenants", "tenant"] },
  { title: "Sign-up", to: paths.signUp, icon: SignUpIcon, pages: ["sign-up"] },
  { title: "Providers", to: paths.providers, icon: ProvidersIcon, pages: ["providers"] },
  { title: "Settings", to: paths.settings, icon: SettingsIcon, pages: ["settings"] },
];

export function Navigation({ route }: { route: Route }) {
  return (
    <nav className="nav" aria-label="Stateroom">
      <Link to={paths.overview} className="nav__brand" aria-label="Stateroom">
        <img src="/icon.svg" alt="" width="26" height="26" />
        <span>Stateroom</span>
      </Link>
      <ul>
        {PLACES.map(({ title, to, icon: Icon, pages }) => {
          const here = pages.includes(route.page);
          return (
            <li key={to}>
              <Link
                to={to}
                className={classes("nav__link", here && "nav__link--here")}
                aria-current={here ? "page" : undefined}
                title={title}
              >
                <Icon size={18} />
                <span>{title}</span>
              </Link>
            </li>
          );
        })}
      </ul>
      <div className="nav__foot">
        <Version />
        <ThemeButton />
      </div>
    </nav>
  );
}

function Version() {
  const status = useInstallation();
  return <span className="soft">{status.data ? `v${status.data.version}` : ""}</span>;
}

const PICTURES = { auto: AutoThemeIcon, light: SunIcon, dark: MoonIcon };

function ThemeButton() {
  const theme = useTheme((state) => state.theme);
  const Picture = PICTURES[theme];
  return (
    <IconButton size="s" label={`Colours: ${theme}`} onClick={nextTheme}>
      <Picture />
    </IconButton>
  );
}
