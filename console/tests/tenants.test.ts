// The table of tenants and a tenant's page: what an address means, who is chosen, what an event
// changes, and what is said of limits, secrets and time.
import { describe, expect, it } from "vitest";
import { tenantOf } from "../dev/data";
import { codeOf, proofOf } from "../src/api/signInCode";
import type { Tenant } from "../src/api/types";
import { pricesOf, rowsOf } from "../src/pages/providers/prices";
import { inWords } from "../src/pages/tenant/eventWords";
import { LIMITS, limitProblem, limitsPatch, optionFor, stopsFor } from "../src/pages/tenant/limits";
import { secretRows } from "../src/pages/tenant/secretRows";
import { askedBy, isFiltered, PAGE_SIZE, pagesBeside } from "../src/pages/tenants/filters";
import { newsIn, told } from "../src/pages/tenants/live";
import { stretched, toggled, withAll } from "../src/pages/tenants/selection";
import { slugOf, slugProblem } from "../src/pages/tenants/slug";
import { ago, size } from "../src/pages/tenants/times";

const query = (text: string) => new URLSearchParams(text);

describe("the address of the table", () => {
  it("says what is asked for", () => {
    expect(askedBy(query("search= ac &phase=ready&blueprint=b&revision=3&cursor=xyz"))).toEqual({
      limit: PAGE_SIZE,
      search: "ac",
      phase: "ready",
      blueprint: "b",
      revision: 3,
      cursor: "xyz",
    });
  });

  it("counts what makes no sense as not there", () => {
    const asked = askedBy(query("phase=odd&blueprint=A%20B&revision=-1&before=No"));
    expect(asked).toEqual({ limit: PAGE_SIZE });
    expect(isFiltered(asked)).toBe(false);
  });

  it("of the pages beside keeps the filters, and one place", () => {
    const beside = pagesBeside(query("search=a&cursor=old"), { previous: "abc", next: "n+1" });
    expect(beside).toEqual({ previous: "?search=a&before=abc", next: "?search=a&cursor=n%2B1" });
    expect(pagesBeside(query(""), { previous: null, next: null })).toEqual({
      previous: null,
      next: null,
    });
  });
});

describe("choosing", () => {
  const slugs = ["a", "b", "c", "d"];
  it("toggles one, and with Shift all between", () => {
    expect([...toggled(new Set(["a"]), "a")]).toEqual([]);
    expect([...stretched(new Set(["a"]), slugs, "a", "c")]).toEqual(["a", "b", "c"]);
    expect([...stretched(new Set(slugs), slugs, "d", "b")]).toEqual(["a"]);
  });

  it("from a row of another page chooses the one alone", () => {
    expect([...stretched(new Set(), slugs, "gone", "b")]).toEqual(["b"]);
  });

  it("of a whole page keeps what is chosen elsewhere", () => {
    expect([...withAll(new Set(["z", "a"]), slugs, false)]).toEqual(["z"]);
    expect(withAll(new Set(["z"]), slugs, true).size).toBe(5);
  });
});

describe("an event", () => {
  it("is read in both of its forms", () => {
    expect(newsIn({ tenant: "acme", phase: "ready", reason: "" })).toMatchObject({
      slug: "acme",
      phase: "ready",
    });
    expect(newsIn({ slug: "acme", status: { phase: "failed", reason: "Look." } })).toMatchObject({
      phase: "failed",
      reason: "Look.",
    });
    expect(newsIn({ tenant: "acme", change: ["values"] })).toBeNull();
    expect(newsIn({ tenant: "acme", phase: "gone" })).toBeNull();
  });

  it("changes the row that it is about and leaves the others the very same", () => {
    const acme: Tenant = tenantOf(0);
    const news = { slug: "acme", phase: "failed", reason: "Look.", since: null } as const;
    expect(told(acme, news).status).toMatchObject({ phase: "failed", reason: "Look." });
    expect(told(acme, { ...news, slug: "globex" })).toBe(acme);
    const again = told(acme, news);
    expect(told(again, news)).toBe(again);
  });

  it.each([
    [{ kind: "tenant", data: { phase: "ready", reason: "" } }, "ready"],
    [{ kind: "tenant", data: { phase: "failed", reason: "Look." } }, "failed: Look."],
    [{ kind: "tenant", data: { change: ["values", "name"] } }, "Changed: values, name"],
    [
      { kind: "audit", data: { action: "access", by: "admin" } },
      "Somebody looked at its access (admin)",
    ],
    [{ kind: "audit", data: { action: "odd_thing" } }, "odd thing"],
    [{ kind: "tenant", data: {} }, "tenant"],
  ])("is put in words: %j", (event, words) => {
    expect(inWords(event)).toBe(words);
  });
});

describe("limits", () => {
  it("are those that blueprints know", () => {
    for (const limit of LIMITS) expect(optionFor(limit)).toBeDefined();
  });

  it("have the present value among their slider's stops", () => {
    expect(stopsFor("memory_mb", 2222)).toContain(2222);
    expect(stopsFor("disk_mb", 2048, 2048)[0]).toBe(2048);
    const stops = stopsFor("cpu", 1.3);
    expect(stops).toEqual([...stops].sort((one, other) => one - other));
  });

  it("say what is wrong: no number, out of range, a smaller disk", () => {
    expect(limitProblem("cpu", "many", 1)).toBe("Write a number.");
    expect(limitProblem("memory_mb", "1", 2048)).toMatch(/from 768/);
    expect(limitProblem("disk_mb", "1024", 2048)).toMatch(/only grows/);
    expect(limitProblem("disk_mb", "4096", 2048)).toBeUndefined();
    expect(limitProblem("cpu", "1,5", 1)).toBeUndefined();
  });

  it("become a patch", () => {
    expect(limitsPatch({ cpu: "1,5", memory_mb: null })).toEqual({ cpu: 1.5, memory_mb: null });
  });
});

describe("small words", () => {
  it("a slug of a name", () => {
    expect(slugOf("Café Ünlü & Co")).toBe("cafe-unlu-co");
    expect(slugOf("42 Degrees")).toBe("degrees");
    expect(slugOf("日本")).toBe("");
    expect(slugProblem("a--b")).toBeDefined();
    expect(slugProblem(slugOf(`${"x".repeat(39)} yz`))).toBeUndefined();
  });

  it("time and size", () => {
    expect(ago(1_000, 0)).toBe("just now");
    expect(ago(0, 59_000)).toBe("just now");
    expect(ago(0, 61_000)).toBe("1 min ago");
    expect(ago(0, 2 * 86_400_000)).toBe("2 d ago");
    expect(size(640)).toBe("640 MiB");
    expect(size(1536)).toBe("1.5 GiB");
  });

  it("secrets: asked for first, missing ones too", () => {
    const given = [
      { name: "OWN", kind: "file", updated_at: "t" },
      { name: "ASKED", kind: "env", updated_at: "t" },
    ] as const;
    const asked = [
      { name: "MISSING", required: true },
      { name: "ASKED", required: false },
    ];
    expect(secretRows(asked, given).map(({ name }) => name)).toEqual(["ASKED", "MISSING", "OWN"]);
    expect(secretRows(asked, given)[1]).toMatchObject({ updatedAt: null, required: true });
  });

  it("prices: rows there and back, and what is wrong with them", () => {
    expect(pricesOf(rowsOf({ gpt: { input: 2.5, output: 10 } }))).toEqual({
      prices: { gpt: { input: 2.5, output: 10 } },
    });
    const row = { model: "m", input: "1", output: "2" };
    expect(pricesOf([row, row])).toMatchObject({ wrong: expect.stringContaining("two prices") });
    expect(pricesOf([{ ...row, input: "-1" }])).toHaveProperty("wrong");
    expect(pricesOf([{ model: "", input: "", output: "" }])).toEqual({ prices: {} });
  });

  it("a link's code, and what a person pasted", () => {
    expect(codeOf("/sign-in", "#abc")).toBe("abc");
    expect(codeOf("/sign-in", "")).toBeNull();
    expect(codeOf("/tenants", "#abc")).toBeNull();
    expect(proofOf(" https://console.localhost:8443/sign-in#abc\n")).toEqual({ code: "abc" });
    expect(proofOf("key-with#hash")).toEqual({ key: "key-with#hash" });
  });
});
