// Somebody else saved the blueprint meanwhile. Both sides are shown beside what they began from,
// and the person decides; until then nothing is written anywhere.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { type Change, changes, merge, placeKey } from "../../blueprint/changes";
import { writeYaml } from "../../blueprint/yaml";
import { useActions, useEditor } from "../../canvas/editing";
import { UNFINISHED } from "../../canvas/store";
import { drawnFrom } from "../../pages/Editor";
import { Badge, Button, Failure, Loading, Notice, Tabs } from "../../ui";
import { Diff } from "../Changes";
import "./Conflict.css";

type View = "words" | "theirs" | "mine" | "result";

export function Conflict({ name, onDone }: { name: string; onDone(): void }) {
  const base = useEditor((state) => state.base);
  const now = useEditor((state) => state.now);
  const unfinished = useEditor((state) => state.text !== null);
  const { rebase } = useActions();
  const [view, setView] = useState<View>("words");
  const found = useQuery({
    queryKey: ["blueprints", name, "theirs"],
    queryFn: () => answer(api.GET("/api/v1/blueprints/{name}", { params: { path: { name } } })),
    staleTime: 0,
  });
  if (!found.data) {
    return found.error ? (
      <Failure error={found.error} again={() => void found.refetch()} />
    ) : (
      <Loading label="Reading what they saved" lines={5} />
    );
  }
  const { revision, document, layout } = found.data;
  const theirs = drawnFrom(document, layout, name);
  const [began, mine] = [base.drawing.document, now.document];
  const { merged, both } = merge(began, mine, theirs.document);
  const choose = (keepMine: boolean) => {
    rebase(revision, theirs, keepMine);
    onDone();
  };
  const text = writeYaml(began);
  return (
    <div className="conflict">
      <Notice tone="brass">
        Somebody saved revision {revision} while you edited{" "}
        {base.revision === null ? "a new blueprint of that name" : `revision ${base.revision}`}.
        Nothing of either is lost, and nothing was deployed. {unfinished && UNFINISHED}
      </Notice>
      <div className="conflict__views">
        <Tabs<View>
          label="Compare"
          current={view}
          onChange={setView}
          tabs={[
            { key: "words", title: "In words", count: both.length, tone: "bad" },
            { key: "theirs", title: "Theirs" },
            { key: "mine", title: "Mine" },
            { key: "result", title: "Both" },
          ]}
        >
          <div className="conflict__view">
            {view === "words" && (
              <Words
                theirs={changes(began, theirs.document)}
                mine={changes(began, mine)}
                both={both}
              />
            )}
            {view === "theirs" && <Diff before={text} after={writeYaml(theirs.document)} />}
            {view === "mine" && <Diff before={text} after={writeYaml(mine)} />}
            {view === "result" && (
              <Diff before={writeYaml(theirs.document)} after={writeYaml(merged)} />
            )}
          </div>
        </Tabs>
      </div>
      <div className="conflict__acts">
        <Button onClick={() => choose(false)}>Take theirs, drop mine</Button>
        <Button kind="primary" disabled={unfinished} onClick={() => choose(true)}>
          Put mine on top of theirs
        </Button>
      </div>
    </div>
  );
}

function Words({
  theirs,
  mine,
  both,
}: {
  theirs: readonly Change[];
  mine: readonly Change[];
  both: readonly Change[];
}) {
  const places = new Set(both.map(({ place }) => placeKey(place)));
  const list = (title: string, some: readonly Change[]) => (
    <section aria-label={title}>
      <h3>{title}</h3>
      {some.length === 0 && <p className="soft">No change of meaning.</p>}
      <ul>
        {some.map(({ place, text }) => (
          <li key={placeKey(place)}>
            {text} {places.has(placeKey(place)) && <Badge tone="bad">both changed it</Badge>}
          </li>
        ))}
      </ul>
    </section>
  );
  return (
    <>
      {list("What they changed", theirs)}
      {list("What you changed", mine)}
      {both.length > 0 && (
        <p className="soft">
          Where both changed the same place, yours stands if you put it on top.
        </p>
      )}
    </>
  );
}
