// Stands here until its page is written.
import { Empty } from "../ui";

export function Settings() {
  return <Empty title="Settings">This page is being built.</Empty>;
}
