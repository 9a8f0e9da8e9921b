// Stands here until its page is written.
import { Empty } from "../ui";

export function FirstDeploy() {
  return <Empty title="First deploy">This page is being built.</Empty>;
}
