// How to reach a tenant: its address, a link that signs this browser in, and its API token. Each
// look at the token is a call of its own and stands in the audit log, so none is made unasked.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api, problemFrom } from "../../api/client";
import type { Tenant } from "../../api/types";
import { Button, Card, Confirm, CopyButton, ExternalIcon, toast } from "../../ui";

const SHOWN_FOR = 60_000;

export function Access({ tenant }: { tenant: Tenant }) {
  const { slug, url, suspended, status } = tenant;
  const isOff = suspended || status.phase === "deleting";
  const [token, setToken] = useShortly();
  const [isAsking, setAsking] = useState(false);
  const say = (error: Error) => toast(problemFrom(error).detail, "bad");
  const path = { params: { path: { slug } } };
  const look = useMutation({
    mutationFn: () => answer(api.GET("/api/v1/tenants/{slug}/access", path)),
    onError: say,
  });
  const rotate = useMutation({
    mutationFn: () =>
      answer(api.POST("/api/v1/tenants/{slug}/access/rotate", { ...path, body: {} })),
    onSuccess: ({ api_token }) => {
      setToken(api_token);
      toast("The former token works no more. The new one is shown for a minute.", "good");
    },
    onError: say,
    onSettled: () => setAsking(false),
  });
  const open = () => {
    // Asked for while the click still counts: a tab that opens later is blocked.
    const tab = window.open("", "_blank");
    if (tab) tab.opener = null;
    look.mutate(undefined, {
      onSuccess: ({ open_url }) => {
        if (!open_url) {
          tab?.close();
          toast("No link was made: the steward is away. Open again in a moment.", "bad");
        } else if (tab) tab.location.href = open_url;
        else toast("The browser blocked the new tab. Allow it, and open again.", "bad");
      },
      onError: () => tab?.close(),
    });
  };
  return (
    <Card title="Access">
      <div className="access__row">
        <a href={url} target="_blank" rel="noreferrer" className="access__url mono">
          {url}
        </a>
        <CopyButton text={url} label="Copy address" />
      </div>
      <div>
        <Button
          kind="primary"
          icon={<ExternalIcon />}
          busy={look.isPending && !token}
          disabled={isOff}
          onClick={open}
        >
          Open, signed in
        </Button>
      </div>
      <div className="access__token">
        <h3>API token</h3>
        <output className="access__secret mono" aria-label="API token">
          {token ?? "•".repeat(24)}
        </output>
        <div className="access__row">
          {token ? (
            <>
              <CopyButton text={token} label="Copy token" />
              <Button size="s" onClick={() => setToken(null)}>
                Hide
              </Button>
            </>
          ) : (
            <Button
              size="s"
              disabled={look.isPending}
              onClick={() =>
                look.mutate(undefined, { onSuccess: ({ api_token }) => setToken(api_token) })
              }
            >
              Show
            </Button>
          )}
          <Button size="s" kind="danger" onClick={() => setAsking(true)}>
            Rotate
          </Button>
        </div>
        <p className="field__help">
          For the tenant's own API: <span className="mono">Authorization: Bearer TOKEN</span>.
          Looking at it is noted in the audit log.
        </p>
      </div>
      {isAsking && (
        <Confirm
          title={`Replace the token of ${slug}?`}
          act="Rotate token"
          busy={rotate.isPending}
          onConfirm={() => rotate.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            The present token stops working within a second. Whatever uses it fails until it has the
            new one.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

/** A secret on the screen does not stay there. */
function useShortly() {
  const [secret, setSecret] = useState<string | null>(null);
  useEffect(() => {
    if (secret === null) return;
    const timer = setTimeout(() => setSecret(null), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [secret]);
  return [secret, setSecret] as const;
}
