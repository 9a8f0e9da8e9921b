// What the server says is shown as text, with the commands in it set apart.
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { Said } from "../src/ui";

afterEach(cleanup);
const html = (text: string) => render(<Said text={text} />).container.innerHTML;

it("sets what stands in backticks apart", () => {
  expect(html("It is off: `stateroom up` starts it, `doctor` looks.")).toBe(
    "It is off: <code>stateroom up</code> starts it, <code>doctor</code> looks.",
  );
});

it("leaves a lone backtick, and markup, as they are", () => {
  expect(html("a ` b <b>c</b>")).toBe("a ` b &lt;b&gt;c&lt;/b&gt;");
  expect(html("")).toBe("");
});
