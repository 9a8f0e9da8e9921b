// Calls either answer or throw what the server said, in its words.
import { describe, expect, it } from "vitest";
import { ApiError, answer, createApi } from "../src/api/client";
import { FakeApi, Refusal } from "../src/api/fake";
import { routeOf } from "../src/router";

describe("a call", () => {
  it("gives its body, and says that it comes from the console", async () => {
    let header: string | null = null;
    const fake = new FakeApi().on("get", "/api/v1/session", ({ headers }) => {
      header = headers.get("x-stateroom-console");
      return { expires_at: "2026-01-01T00:00:00Z" };
    });
    const api = createApi(fake.fetch);
    await expect(answer(api.GET("/api/v1/session"))).resolves.toEqual({
      expires_at: "2026-01-01T00:00:00Z",
    });
    expect(header).toBe("1");
  });

  it("that is refused throws the problem with its reasons", async () => {
    const errors = [
      { pointer: "/slug", code: "taken", detail: "Taken.", hint: "", block: null, link: null },
    ];
    const fake = new FakeApi().on(
      "get",
      "/api/v1/templates",
      () => new Refusal(422, "No.", { errors }),
    );
    const error: unknown = await answer(createApi(fake.fetch).GET("/api/v1/templates")).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, message: "No.", errors, isAway: false });
  });

  it("that nobody answers says that edits are kept", async () => {
    const api = createApi(() => Promise.reject(new TypeError("fetch failed")));
    await expect(answer(api.GET("/api/v1/status"))).rejects.toMatchObject({ isAway: true });
  });

  it("that is answered by something else than the server still says something", async () => {
    const api = createApi(() =>
      Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 })),
    );
    await expect(answer(api.GET("/api/v1/status"))).rejects.toMatchObject({
      status: 502,
      isAway: true,
    });
  });
});

describe("the address", () => {
  it.each([
    ["/", { page: "overview" }],
    ["/blueprints", { page: "blueprints" }],
    ["/blueprints/support-agent", { page: "blueprint", name: "support-agent" }],
    ["/tenants/a%20b", { page: "tenant", name: "a b" }],
    ["/tenants/%", { page: "tenant", name: "%" }],
    ["/nowhere", { page: "missing" }],
    ["/blueprints/a/b", { page: "missing" }],
  ])("%s names its page", (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });
});
