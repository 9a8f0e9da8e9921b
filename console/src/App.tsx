// The shell: who may see it, the navigation at the left, and the page that the address names.
// Each page is a file of its own that is loaded when it is first opened.
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import "./App.css";
import { Away } from "./Away";
import { refreshByEvents } from "./api/queries";
import { findSession, useSession } from "./api/session";
import { fetchAhead, lazily } from "./lazily";
import { Navigation } from "./Navigation";
import { navigate, paths, type Route, usePath, useRoute } from "./router";
import { Boundary } from "./ui/Boundary";
import { Dialog } from "./ui/Dialog";
import { Empty, Failure, Loading } from "./ui/States";
import { Toasts } from "./ui/Toast";

const Overview = lazily(async () => (await import("./pages/Overview")).Overview);
const Blueprints = lazily(async () => (await import("./pages/Blueprints")).Blueprints);
const Editor = lazily(async () => (await import("./pages/Editor")).Editor);
const Tenants = lazily(async () => (await import("./pages/Tenants")).Tenants);
const Tenant = lazily(async () => (await import("./pages/Tenant")).Tenant);
const SignUp = lazily(async () => (await import("./pages/SignUp")).SignUp);
const Providers = lazily(async () => (await import("./pages/Providers")).Providers);
const Settings = lazily(async () => (await import("./pages/Settings")).Settings);
const First = lazily(async () => (await import("./pages/FirstDeploy")).FirstDeploy);
const SignIn = lazily(async () => (await import("./pages/SignIn")).SignIn);

export function App() {
  const session = useSession((state) => state.state);
  const route = useRoute();
  const error = useSessionAtStart();
  const asksToSignIn = session === "signed-out" || route.page === "sign-in";
  return (
    <>
      <Boundary>
        <Suspense fallback={<Loading />}>
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
              {/* What is open below is not hidden while this loads. */}
              <Suspense fallback={<Loading />}>
                <SignIn onTop />
              </Suspense>
            </Dialog>
          )}
        </Suspense>
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
  useEffect(fetchAhead, []);
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
          <Suspense fallback={<Loading />}>
            <CurrentPage route={route} />
          </Suspense>
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
      return <First />;
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
