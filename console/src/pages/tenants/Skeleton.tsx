// Where the table will be, in its size.
import { Loading } from "../../ui";

export function Skeleton() {
  return (
    <div className="tenants__skeleton">
      <Loading label="Loading tenants" lines={14} />
    </div>
  );
}
