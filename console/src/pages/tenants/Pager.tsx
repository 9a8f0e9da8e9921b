// How many there are, and the pages beside this one.
import { paths } from "../../router";
import { Link } from "../../ui";

interface Props {
  total: number;
  filtered: boolean;
  previous: string | null;
  next: string | null;
}

export function Pager({ total, filtered, previous, next }: Props) {
  const count = `${total.toLocaleString("en")} ${total === 1 ? "tenant" : "tenants"}`;
  return (
    <nav className="pager" aria-label="Pages of tenants">
      <p className="soft" role="status">
        {filtered ? `${count} found` : count}
      </p>
      {(previous || next) && (
        <div className="pager__ways">
          <Way to={previous}>Previous</Way>
          <Way to={next}>Next</Way>
        </div>
      )}
    </nav>
  );
}

function Way({ to, children }: { to: string | null; children: string }) {
  if (to === null) {
    return (
      <button type="button" className="button button--plain" disabled>
        {children}
      </button>
    );
  }
  return (
    <Link button="plain" to={paths.tenants + to}>
      {children}
    </Link>
  );
}
