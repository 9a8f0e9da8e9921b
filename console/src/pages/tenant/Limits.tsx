// A tenant's limits as sliders, each with what is used of it now beside it.
import type { Tenant } from "../../api/types";
import { Card } from "../../ui";
import { leftOf } from "../values/edits";
import { useKept } from "../values/kept";
import { problemAt } from "../values/problemAt";
import { LimitField } from "./LimitField";
import { LIMITS, type Limit, type LimitEdits, limitProblem, limitsPatch } from "./limits";
import { SaveBar } from "./SaveBar";
import { useSaving } from "./useSaving";
import { type UsageNow, useUsage } from "./useUsage";

interface Kept {
  edits: LimitEdits;
  generation: number;
}

const USED: { [limit in Limit]: keyof UsageNow } = {
  cpu: "cpu_cores",
  memory_mb: "memory_mb",
  disk_mb: "disk_mb",
  pids: "pids",
  requests_per_minute: "requests_per_minute",
};

export function Limits({ tenant }: { tenant: Tenant }) {
  const none: Kept = { edits: {}, generation: tenant.generation };
  const [{ edits, generation }, keep, change] = useKept<Kept>(
    `limits:${tenant.id}`,
    none,
    (kept) => Object.keys(kept.edits).length === 0,
  );
  const saving = useSaving(tenant, () =>
    change((now) => ({ ...now, edits: leftOf(now.edits, edits) })),
  );
  const usage = useUsage(tenant.slug).data?.now;
  const count = Object.keys(edits).length;
  const wrong = (limit: Limit) => {
    const edit = edits[limit];
    return typeof edit === "string" ? limitProblem(limit, edit, tenant.limits[limit]) : undefined;
  };
  const isWrong = LIMITS.some((limit) => wrong(limit) !== undefined);
  const edit = (limit: Limit, next: string | null) => {
    const { [limit]: _, ...rest } = edits;
    const isOwn = tenant.own_limits[limit] !== undefined;
    saving.edited();
    const isAsBefore = next === null ? !isOwn : isOwn && next === String(tenant.limits[limit]);
    keep({
      edits: isAsBefore ? rest : { ...rest, [limit]: next },
      generation: count === 0 ? tenant.generation : generation,
    });
  };
  return (
    <Card title="Limits">
      <form
        className="tenant__form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (count > 0 && !isWrong) saving.save({ limits: limitsPatch(edits) }, generation);
        }}
      >
        <div className="limits">
          {LIMITS.map((limit) => (
            <LimitField
              key={limit}
              limit={limit}
              now={tenant.limits[limit]}
              isOwn={tenant.own_limits[limit] !== undefined}
              edit={edits[limit]}
              total={tenant.limits_total[limit]}
              used={usage ? usage[USED[limit]] : null}
              error={wrong(limit) ?? problemAt(saving.error, "limits", limit)}
              onEdit={(next) => edit(limit, next)}
            />
          ))}
        </div>
        <SaveBar
          count={count}
          isWrong={isWrong}
          saving={saving}
          onDiscard={() => keep(none)}
          onGoOn={() => keep({ edits, generation: tenant.generation })}
          note="CPU, memory and processes change while it runs; disks grow without a stop."
        />
      </form>
    </Card>
  );
}
