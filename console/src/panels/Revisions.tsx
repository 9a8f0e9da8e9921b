// Every revision of a blueprint: what differs between any two, and the way back to any of them.
// Beside them, the roll-outs that there were.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../api/client";
import { Dialog, Empty, Failure, Loading, Tabs } from "../ui";
import "./Revisions.css";
import { Compare } from "./revisions/Compare";
import { DeployRevision } from "./revisions/DeployRevision";
import { History } from "./revisions/History";
import { RollOuts } from "./revisions/RollOuts";

interface Props {
  name: string;
  onClose(): void;
}

type View = "revisions" | "roll-outs";

export function Revisions({ name, onClose }: Props) {
  const [view, setView] = useState<View>("revisions");
  const [deploying, setDeploying] = useState<number | null>(null);
  if (deploying !== null) {
    const back = () => setDeploying(null);
    return <DeployRevision name={name} revision={deploying} onBack={back} onClose={onClose} />;
  }
  return (
    <Dialog title={`Revisions of ${name}`} onClose={onClose} side>
      <Tabs<View>
        label="History"
        current={view}
        onChange={setView}
        tabs={[
          { key: "revisions", title: "Revisions" },
          { key: "roll-outs", title: "Roll-outs" },
        ]}
      >
        <div className="revisions">
          {view === "revisions" ? (
            <List name={name} onDeploy={setDeploying} />
          ) : (
            <RollOuts name={name} />
          )}
        </div>
      </Tabs>
    </Dialog>
  );
}

function List({ name, onDeploy }: { name: string; onDeploy(revision: number): void }) {
  const path = { name };
  const list = useQuery({
    queryKey: ["blueprints", name, "revisions"],
    queryFn: () => answer(api.GET("/api/v1/blueprints/{name}/revisions", { params: { path } })),
    retry: false,
  });
  const deployed = useQuery({
    queryKey: ["blueprints"],
    queryFn: () => answer(api.GET("/api/v1/blueprints")),
  });
  const [pair, setPair] = useState<[from: number, to: number] | null>(null);
  if (list.error) return <Failure error={list.error} again={() => void list.refetch()} />;
  if (!list.data) return <Loading label="Reading the revisions" lines={6} />;
  const items = list.data.items;
  const [newest, before] = items;
  if (!newest) return <Empty title="No revision yet">The first Deploy makes one.</Empty>;
  const chosen = pair ?? [before?.revision ?? newest.revision, newest.revision];
  return (
    <>
      <History
        items={items}
        deployed={deployed.data?.items.find((one) => one.name === name)?.deployed_revision ?? null}
        pair={chosen}
        onPair={setPair}
        onDeploy={onDeploy}
      />
      {before ? (
        <Compare name={name} from={chosen[0]} to={chosen[1]} />
      ) : (
        <p className="soft">The next Deploy makes another one, and then they can be compared.</p>
      )}
    </>
  );
}
