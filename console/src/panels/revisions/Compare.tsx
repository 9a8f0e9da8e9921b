// What differs between two revisions, in words and line by line.
import { changes, placeKey } from "../../blueprint/changes";
import { writeYaml } from "../../blueprint/yaml";
import { Failure, Loading } from "../../ui";
import { Diff } from "../Changes";
import { useRevision } from "./useRevision";

export function Compare({ name, from, to }: { name: string; from: number; to: number }) {
  const before = useRevision(name, from);
  const after = useRevision(name, to);
  const error = before.error ?? after.error;
  if (error) return <Failure error={error} />;
  if (!before.data || !after.data) return <Loading label="Comparing" lines={5} />;
  const list = changes(before.data, after.data);
  return (
    <section className="compare" aria-labelledby="compare-title">
      <h3 id="compare-title">
        {from === to
          ? `Revision ${to}: choose another one to compare it with`
          : `From revision ${from} to ${to}`}
      </h3>
      {from !== to && list.length === 0 && <p className="soft">They mean the same.</p>}
      {list.length > 0 && (
        <>
          <ul>
            {list.map(({ place, text }) => (
              <li key={placeKey(place)}>{text}</li>
            ))}
          </ul>
          <Diff before={writeYaml(before.data)} after={writeYaml(after.data)} />
        </>
      )}
    </section>
  );
}
