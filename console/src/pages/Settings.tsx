// The console itself: its colours, this session, and what the installation is and can do.
import { useMutation, useQuery } from "@tanstack/react-query";
import { answer, api, problemFrom } from "../api/client";
import { useInstallation } from "../api/installation";
import { signOut } from "../api/session";
import type { Installation } from "../api/types";
import { setTheme, type Theme, useTheme } from "../theme";
import { Badge, Button, Card, Code, Failure, Loading, Notice, Page, Said, toast } from "../ui";
import "./settings/settings.css";
import { Since } from "./tenants/Since";

export function Settings() {
  const status = useInstallation();
  return (
    <Page title="Settings" lead="This browser's colours and session, and what the installation is.">
      <Colours />
      <Session />
      {status.error ? (
        <Failure error={status.error} again={() => void status.refetch()} />
      ) : !status.data ? (
        <Card title="This installation">
          <Loading lines={5} />
        </Card>
      ) : (
        <About installation={status.data} />
      )}
    </Page>
  );
}

const THEMES: { theme: Theme; label: string; about: string }[] = [
  { theme: "auto", label: "As the machine", about: "Dark at night, where the machine does so" },
  { theme: "light", label: "Light", about: "Always" },
  { theme: "dark", label: "Dark", about: "Always" },
];

function Colours() {
  const chosen = useTheme((state) => state.theme);
  return (
    <Card title="Colours">
      <fieldset className="colours">
        <legend className="visually-hidden">Colours</legend>
        {THEMES.map(({ theme, label, about }) => (
          <label key={theme} className="colours__choice">
            <input
              type="radio"
              name="theme"
              checked={chosen === theme}
              onChange={() => setTheme(theme)}
            />
            <span>
              <strong>{label}</strong>
              <span className="soft">{about}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </Card>
  );
}

function Session() {
  const session = useQuery({
    queryKey: ["session"],
    queryFn: () => answer(api.GET("/api/v1/session")),
  });
  const out = useMutation({
    mutationFn: signOut,
    onError: (error) => toast(problemFrom(error).detail, "bad"),
  });
  return (
    <Card title="Session">
      {session.error ? (
        <Failure error={session.error} again={() => void session.refetch()} />
      ) : !session.data ? (
        <Loading lines={1} />
      ) : (
        <p>
          This browser is signed in until{" "}
          <strong>{new Date(session.data.expires_at).toLocaleString()}</strong>.
        </p>
      )}
      <div>
        <Button busy={out.isPending} onClick={() => out.mutate()}>
          Sign out
        </Button>
      </div>
      <p className="field__help">
        Another browser signs in with a link of its own. Make one on the machine of the
        installation:
      </p>
      <Code label="A link for another browser" text="stateroom console" />
    </Card>
  );
}

const POWERS: { [capability: string]: string } = {
  verify: "Attacking its own isolation, live",
  sleep: "Putting tenants to sleep",
  wake: "Waking them by a request",
  egress: "Choosing what tenants reach on the network beside their models",
  copies: "Copying a disk before a change that it may not survive",
};

function About({ installation }: { installation: Installation }) {
  const { version, console_url, api_url, home, steward, notices, capabilities } = installation;
  const at = steward?.passed_at;
  return (
    <Card title="This installation">
      {notices?.map((notice) => (
        <Notice key={notice.code + notice.pointer} tone="brass">
          <Said text={`${notice.detail} ${notice.hint}`} />
        </Notice>
      ))}
      {notices?.length === 0 && <Notice tone="good">Nothing needs you: no notices.</Notice>}
      <dl className="about">
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Console</dt>
        <dd className="mono">{console_url}</dd>
        <dt>API</dt>
        <dd className="mono">{api_url}</dd>
        <dt>Home</dt>
        <dd className="mono">{home}</dd>
        <dt>Last pass</dt>
        <dd>
          {typeof at === "string" ? (
            <Since at={at} />
          ) : steward ? (
            "none yet"
          ) : (
            "unknown: the steward does not answer"
          )}
        </dd>
      </dl>
      <h3>What it can do</h3>
      <ul className="about__powers">
        {Object.entries(capabilities ?? {}).map(([name, isThere]) => (
          <li key={name}>
            <Badge tone={isThere ? "good" : "soft"}>{isThere ? "yes" : "not yet"}</Badge>
            {POWERS[name] ?? name}
          </li>
        ))}
      </ul>
      <p className="field__help">For a closer look, on the machine:</p>
      <Code label="What is wrong, and what to do" text="stateroom doctor" />
    </Card>
  );
}
