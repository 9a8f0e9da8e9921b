// Stands here until its page is written.
import { Empty } from "../ui";

export function Tenant({ slug }: { slug: string }) {
  return <Empty title={slug}>This page is being built.</Empty>;
}
