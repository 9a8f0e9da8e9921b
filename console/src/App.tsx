// The shell: who may see it, the navigation at the left, and the page that the address names.
// Each page is a file of its own; all of them are loaded at once (README.md, Rules).
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import "./App.css";
import { Away } from "./Away";
import { refreshByEvents } from "./api/queries";
import { findSession, useSession } from "./api/session";
import { Navigation } from "./Navigation";
import { Blueprints } from "./pages/Blueprints";
import { Editor } from "./pages/Editor";
import { FirstDeploy } from "./pages/FirstDeploy";
import { Overview } from "./pages/Overview";
import { Providers } from "./pages/Providers";
import { Settings } from "./pages/Settings";
import { SignIn } from "./pages/SignIn";
import { SignUp } from "./pages/SignUp";
import { Tenant } from "./pages/Tenant";
import { Tenants } from "./pages/Tenants";
import { navigate, paths, type Route, usePath, useRoute } from "./router";
import { Boundary } from "./ui/Boundary";
import { Dialog } from "./ui/Dialog";
import { Empty, Failure, Loading } from "./ui/States";
import { Toasts } from "./ui/Toast";

export function App() {
  const session = useSession((state) => state.state);
  const route = useRoute();
  const error = useSessionAtStart();
  const asksToSignIn = session === "signed-out" || route.page === "sign-in";
  return (
    <>
      <Boundary>
        {error !== null && session === "unknown" ? (
          <main className="alone">
            <Failure error={error} again={() => location.reload()} />
          </main>
        ) : session === "unknown" && route.page !== "sign-in" ? (
          <Loading label="Looking for your session" />
        ) : asksToSignIn ? (
          <main className="alone">
            <SignIn />
          </main>
        ) : (
          <Shell route={route} />
        )}
        {session === "expired" && !asksToSignIn && (
          // Closing it changes nothing: the next call asks again.
          <Dialog title="Your session is over" size="s" onClose={() => undefined}>
            <p className="soft">Sign in again. Everything that you have open stays as it is.</p>
            <SignIn onTop />
          </Dialog>
        )}
      </Boundary>
      <Toasts />
    </>
  );
}

function useSessionAtStart(): unknown {
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    findSession().catch(setError);
  }, []);
  return error;
}

function Shell({ route }: { route: Route }) {
  const queries = useQueryClient();
  const path = usePath();
  useEffect(() => refreshByEvents(queries), [queries]);
  return (
    <div className={route.page === "blueprint" ? "shell shell--narrow" : "shell"}>
      <a className="shell__skip" href="#content">
        Skip to the page
      </a>
      <Navigation route={route} />
      <main className="shell__main" id="content" tabIndex={-1}>
        <Away />
        {/* Another page mends what one page broke. */}
        <Boundary key={path}>
          <CurrentPage route={route} />
        </Boundary>
      </main>
    </div>
  );
}

function CurrentPage({ route }: { route: Route }) {
  switch (route.page) {
    case "overview":
      return <Overview />;
    case "blueprints":
      return <Blueprints />;
    case "blueprint":
      return <Editor key={route.name} name={route.name} />;
    case "tenants":
      return <Tenants />;
    case "tenant":
      return <Tenant key={route.name} slug={route.name} />;
    case "sign-up":
      return <SignUp />;
    case "providers":
      return <Providers />;
    case "settings":
      return <Settings />;
    case "first":
      return <FirstDeploy />;
    default:
      return (
        <Empty
          title="There is no such page"
          isPage
          action={
            <button
              type="button"
              className="button button--primary"
              onClick={() => navigate(paths.overview)}
            >
              Go to the overview
            </button>
          }
        >
          The address may be mistyped, or be of a newer Stateroom.
        </Empty>
      );
  }
}
