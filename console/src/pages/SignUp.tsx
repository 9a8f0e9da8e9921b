// Stands here until its page is written.
import { Empty } from "../ui";

export function SignUp() {
  return <Empty title="Sign-up">This page is being built.</Empty>;
}
