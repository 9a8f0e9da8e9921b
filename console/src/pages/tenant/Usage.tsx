// Requests, tokens and cost by day (UTC), newest first, with a bar for the eye.
import { Card, type Column, Empty, Failure, Loading, Table } from "../../ui";
import { type UsageDay, useUsage } from "./useUsage";

const DAYS = 31;

export function Usage({ slug }: { slug: string }) {
  const usage = useUsage(slug);
  // The last answer goes on standing while the steward is away for a moment.
  if (usage.data) return <Days days={usage.data.days} />;
  return (
    <Card title="By day">
      {usage.error ? (
        <Failure error={usage.error} again={() => void usage.refetch()} />
      ) : (
        <Loading lines={6} />
      )}
    </Card>
  );
}

function Days({ days }: { days: readonly UsageDay[] }) {
  const newest = [...days].sort((one, other) => (one.date < other.date ? 1 : -1)).slice(0, DAYS);
  const most = Math.max(1, ...newest.map(({ requests }) => requests));
  const cost = newest.reduce((sum, day) => sum + day.cost_usd, 0);
  return (
    <Card title="By day" aside={<span className="soft">{dollars(cost)} in these days</span>}>
      <Table
        label="Usage by day"
        rows={newest}
        rowKey={({ date }) => date}
        columns={columns(most)}
        empty={
          <Empty title="Nothing was asked yet">The first request to its model shows here.</Empty>
        }
      />
    </Card>
  );
}

function columns(most: number): Column<UsageDay>[] {
  return [
    {
      key: "date",
      title: "Day (UTC)",
      cell: ({ date }) => <span className="mono day__date">{date}</span>,
    },
    {
      key: "requests",
      title: "Requests",
      cell: ({ requests }) => (
        <span className="day">
          <meter className="day__bar" aria-hidden="true" min={0} max={most} value={requests} />
          {requests.toLocaleString("en")}
        </span>
      ),
    },
    { key: "in", title: "Tokens in", numeric: true, cell: (day) => count(day.input_tokens) },
    { key: "out", title: "Tokens out", numeric: true, cell: (day) => count(day.output_tokens) },
    { key: "cost", title: "Cost", numeric: true, cell: ({ cost_usd }) => dollars(cost_usd) },
  ];
}

function count(number: number): string {
  return number.toLocaleString("en");
}

/** Small sums keep the digits that matter. */
function dollars(usd: number): string {
  return `$${usd > 0 && usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}`;
}
