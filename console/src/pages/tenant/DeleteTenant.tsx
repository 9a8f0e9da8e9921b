// Deleting a tenant: what is lost is named, what happens to the disk is chosen, and erasing needs
// the slug to be typed.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { Tenant } from "../../api/types";
import { navigate, paths } from "../../router";
import { Button, Dialog, Failure, TextField, toast } from "../../ui";
import { size } from "../tenants/times";

type Data = "keep" | "erase";

export function DeleteTenant({ tenant, onClose }: { tenant: Tenant; onClose(): void }) {
  const { slug } = tenant;
  const [data, setData] = useState<Data>("keep");
  const [typed, setTyped] = useState("");
  const used = useUsedDisk(slug);
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/v1/tenants/{slug}", { params: { path: { slug }, query: { data } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["tenants"] });
      toast(data === "keep" ? `${slug} is deleted; its disk is kept.` : `${slug} is erased.`);
      navigate(paths.tenants);
    },
  });
  const act = data === "keep" ? `Delete ${slug}` : `Erase ${slug}`;
  return (
    <Dialog
      title={`Delete ${slug}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="danger"
            disabled={data === "erase" && typed !== slug}
            busy={end.isPending}
            onClick={() => end.mutate()}
          >
            {act}
          </Button>
        </>
      }
    >
      <div className="delete">
        <div>
          <h3>What is lost</h3>
          <ul className="delete__lost">
            <li>
              the address <span className="mono">{tenant.url}</span>: it answers nobody any more
            </li>
            <li>its API token, every signed-in browser and every open chat</li>
            <li>its secrets, values and limits</li>
            {data === "erase" && (
              <li>
                <strong>
                  everything in /data{used === null ? "" : ` (${size(used)})`}: its memory, chats
                  and files, for good
                </strong>
              </li>
            )}
          </ul>
        </div>
        <fieldset className="delete__choice">
          <legend>Its disk</legend>
          <Choice
            value="keep"
            chosen={data}
            onChoose={setData}
            title="Keep it"
            about="It goes on using room. An operator can revive it in a new tenant, or erase it later."
          />
          <Choice
            value="erase"
            chosen={data}
            onChoose={setData}
            title="Erase it"
            about="Nobody can bring it back."
          />
        </fieldset>
        {data === "erase" && (
          <TextField
            label={`Type ${slug} to go on`}
            value={typed}
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {end.error && <Failure error={end.error} />}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  value: Data;
  chosen: Data;
  title: string;
  about: string;
  onChoose(value: Data): void;
}

function Choice({ value, chosen, title, about, onChoose }: ChoiceProps) {
  return (
    <label className="radio">
      <input
        type="radio"
        name="data"
        value={value}
        checked={chosen === value}
        onChange={() => onChoose(value)}
      />
      <span>
        <strong>{title}</strong>
        <span className="soft">{about}</span>
      </span>
    </label>
  );
}

/** Helps to see what an erased disk means; not needed to go on. */
function useUsedDisk(slug: string): number | null {
  const usage = useQuery({
    queryKey: ["usage", slug],
    queryFn: () => answer(api.GET("/api/v1/tenants/{slug}/usage", { params: { path: { slug } } })),
    retry: false,
  });
  return usage.data?.now.disk_mb ?? null;
}
