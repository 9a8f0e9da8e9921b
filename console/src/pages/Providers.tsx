// Stands here until its page is written.
import { Empty } from "../ui";

export function Providers() {
  return <Empty title="Providers">This page is being built.</Empty>;
}
