// Signing in: a one-time link does it by itself, and whoever has none gives the link or the admin
// key. On top of an open page it only fills in what is missing.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { problemFrom } from "../api/client";
import { patiently } from "../api/patiently";
import { onPastedLink, signIn, takeCode } from "../api/session";
import { proofOf } from "../api/signInCode";
import { navigate, paths } from "../router";
import { Button, Code, TextField, useTitle } from "../ui";
import "./sign-in/sign-in.css";
import { usePause } from "./sign-in/usePause";

interface Props {
  /** A session that is over is renewed on top of the page that it was of. */
  onTop?: boolean;
}

export function SignIn({ onTop = false }: Props) {
  const { busy, wrong, pause, enter } = useEntering();
  useEffect(() => {
    const enterByLink = () => {
      const code = takeCode();
      if (code) void enter({ code });
    };
    enterByLink();
    return onPastedLink(enterByLink);
  }, [enter]);
  if (onTop) return <Ask {...{ busy, wrong, pause, enter }} />;
  return (
    <div className="sign-in">
      <Title />
      <img src="/icon.svg" alt="" width="48" height="48" />
      <h1>Stateroom</h1>
      <Ask {...{ busy, wrong, pause, enter }} />
    </div>
  );
}

function Title() {
  useTitle("Sign in");
  return null;
}

type Proof = { code: string } | { key: string };

function useEntering() {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const [pause, hold] = usePause();
  const enter = useCallback(
    async (proof: Proof) => {
      setBusy(true);
      setWrong("");
      try {
        await patiently(() => signIn(proof));
        // What failed without a session is asked for again.
        void queries.invalidateQueries();
        if (location.pathname === paths.signIn) navigate(paths.overview, { replace: true });
      } catch (error) {
        setWrong(problemFrom(error).detail);
        hold(error);
      } finally {
        setBusy(false);
      }
    },
    [queries, hold],
  );
  return { busy, wrong, pause, enter };
}

interface AskProps {
  busy: boolean;
  wrong: string;
  pause: number;
  enter(proof: Proof): Promise<void>;
}

function Ask({ busy, wrong, pause, enter }: AskProps) {
  const [written, setWritten] = useState("");
  const go = (event: FormEvent) => {
    event.preventDefault();
    if (written.trim() && !busy && pause === 0) void enter(proofOf(written));
  };
  return (
    <form className="sign-in__form" onSubmit={go}>
      <p className="soft">
        Make a link that signs you in, on the machine that Stateroom runs on, and open it:
      </p>
      <Code label="Terminal" text="stateroom console" />
      <TextField
        label="Or give the link or the admin key here"
        type="password"
        name="key"
        autoComplete="current-password"
        spellCheck={false}
        value={written}
        error={wrong && <span role="alert">{sentence(wrong)}</span>}
        help="The admin key lies in admin.key of Stateroom's home."
        onChange={(event) => setWritten(event.target.value)}
      />
      <Button type="submit" kind="primary" busy={busy} disabled={!written.trim() || pause > 0}>
        {pause > 0 ? `Wait ${pause} s` : "Sign in"}
      </Button>
    </form>
  );
}

// Reasons are parts of sentences where they come from.
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
