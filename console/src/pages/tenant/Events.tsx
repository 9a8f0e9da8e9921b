// What happened to a tenant, newest first; new ones come by themselves.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { Badge, Empty, Failure, Loading } from "../../ui";
import { Since } from "../tenants/Since";
import { inWords } from "./eventWords";

const TAIL = 200;

export function Events({ slug }: { slug: string }) {
  const events = useQuery({
    queryKey: ["tenants", "one", slug, "events"],
    queryFn: async () => {
      const params = { path: { slug }, query: { tail: TAIL, follow: false } };
      return answer(
        api.GET("/api/v1/tenants/{slug}/events", {
          params,
          headers: { Accept: "application/json" },
        }),
      );
    },
  });
  if (events.error) return <Failure error={events.error} again={() => void events.refetch()} />;
  if (!events.data) return <Loading lines={8} />;
  // The call can answer as a stream too; here it never does.
  const items = typeof events.data === "string" ? [] : [...events.data.items].reverse();
  if (items.length === 0) return <Empty title="Nothing happened yet" />;
  return (
    <ol className="events">
      {items.map((event) => (
        <li key={event.id}>
          <span className="events__at soft">
            <Since at={event.at} />
          </span>
          <span>
            {event.kind !== "tenant" && <Badge>{event.kind}</Badge>} {inWords(event)}
          </span>
        </li>
      ))}
    </ol>
  );
}
