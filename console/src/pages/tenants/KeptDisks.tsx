// Disks that were kept: of tenants that were deleted, and what a roll-out that was put back left
// beside one. They use room until somebody erases them; the former can go on in a new tenant.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { Volume } from "../../api/types";
import { Button, Card, type Column, Confirm, Failure, Table, toast } from "../../ui";
import { CreateTenant } from "./CreateTenant";
import { Since } from "./Since";
import "./tenants.css";
import { size } from "./times";
import { useVolumes } from "./useVolumes";

/** slug: of those alone that were this tenant's, or of a former one of that name. Nothing where
 *  there are none. */
export function KeptDisks({ slug }: { slug?: string }) {
  const [erasing, setErasing] = useState<Volume | null>(null);
  const [restoring, setRestoring] = useState<Volume | null>(null);
  const volumes = useVolumes();
  const kept = (volumes.data ?? []).filter((one) => slug === undefined || one.slug === slug);
  if (kept.length === 0) return null;
  return (
    <Card title="Kept disks">
      <p className="field__help">
        They count as promised room until they are erased. One of a deleted tenant can go on in a
        new tenant, with new tokens and keys.
      </p>
      <Table
        label="Kept disks"
        rows={kept}
        rowKey={({ id }) => id}
        columns={columns(setRestoring, setErasing)}
      />
      {erasing && <Erase volume={erasing} onClose={() => setErasing(null)} />}
      {restoring && <CreateTenant restore={restoring} onClose={() => setRestoring(null)} />}
    </Card>
  );
}

function columns(
  onRestore: (volume: Volume) => void,
  onErase: (volume: Volume) => void,
): Column<Volume>[] {
  return [
    { key: "of", title: "Of", cell: ({ slug }) => <span className="mono">{slug}</span> },
    {
      key: "since",
      title: "Kept",
      cell: ({ kept_since }) => (
        <span className="kept__fact">
          <Since at={kept_since} />
        </span>
      ),
    },
    {
      key: "size",
      title: "Size",
      cell: (volume) => <span className="kept__fact">{sizes(volume)}</span>,
    },
    { key: "why", title: "Why", cell: ({ reason }) => reason },
    {
      key: "acts",
      title: "Acts",
      hiddenTitle: true,
      cell: (volume) => (
        <div className="kept__acts">
          {volume.restorable && (
            <Button
              size="s"
              aria-label={`Restore the disk of ${volume.slug}`}
              onClick={() => onRestore(volume)}
            >
              Restore
            </Button>
          )}
          <Button
            size="s"
            kind="danger"
            aria-label={`Erase the disk of ${volume.slug}`}
            onClick={() => onErase(volume)}
          >
            Erase
          </Button>
        </div>
      ),
    },
  ];
}

function sizes({ used_mb, size_mb }: Volume): string {
  return used_mb === null ? size(size_mb) : `${size(used_mb)} of ${size(size_mb)}`;
}

function Erase({ volume, onClose }: { volume: Volume; onClose(): void }) {
  const { id, slug } = volume;
  const queries = useQueryClient();
  const erase = useMutation({
    mutationFn: () =>
      answer(api.DELETE("/api/v1/volumes/{volume}", { params: { path: { volume: id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["tenants", "volumes"] });
      toast(`The disk of ${slug} is erased.`, "good");
      onClose();
    },
  });
  return (
    <Confirm
      title={`Erase the disk of ${slug}?`}
      act="Erase it"
      word={slug}
      busy={erase.isPending}
      onConfirm={() => erase.mutate()}
      onClose={onClose}
    >
      <p>
        Everything on it is gone for good
        {volume.used_mb === null ? "" : ` (${size(volume.used_mb)})`}: nobody can bring it back.
      </p>
      {erase.error && <Failure error={erase.error} />}
    </Confirm>
  );
}
