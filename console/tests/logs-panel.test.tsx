// Whose log is read: the agent's, or that of a service beside it, each by a stream of its own.
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Logs } from "../src/panels/Logs";

class Stream {
  static opened: Stream[] = [];
  onopen = () => undefined;
  onerror = () => undefined;
  readyState = 1;
  isClosed = false;
  private take: (message: { data: string; lastEventId: string }) => void = () => undefined;
  constructor(readonly address: string) {
    Stream.opened.push(this);
  }
  addEventListener(_: string, take: Stream["take"]) {
    this.take = take;
  }
  close() {
    this.isClosed = true;
  }
  write(text: string) {
    this.take({ data: JSON.stringify({ at: "", text, line: "" }), lastEventId: "" });
    act(() => void vi.advanceTimersByTime(1_000));
  }
}

const streams = () => Stream.opened.map(({ address, isClosed }) => [address, isClosed]);

beforeEach(() => {
  Stream.opened = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const AGENT = "/api/v1/tenants/acme/logs?follow=true&tail=500";

it("goes from the agent's to a service's, and never mixes them", () => {
  render(<Logs slug="acme" services={["db"]} />);
  Stream.opened[0]?.write("the agent's line");
  screen.getByText("the agent's line");
  fireEvent.change(screen.getByLabelText("Whose log"), { target: { value: "db" } });
  expect(streams()).toEqual([
    [AGENT, true],
    [`${AGENT}&service=db`, false],
  ]);
  expect(screen.queryByText("the agent's line")).toBeNull();
  Stream.opened[1]?.write("the database's line");
  screen.getByText("the database's line");
});

it("counts what came while it is paused anew for another log", () => {
  render(<Logs slug="acme" services={["db"]} />);
  fireEvent.click(screen.getByRole("button", { name: "Pause" }));
  Stream.opened[0]?.write("the agent's line");
  screen.getByText("paused, 1 more");
  fireEvent.change(screen.getByLabelText("Whose log"), { target: { value: "db" } });
  screen.getByText("paused");
  Stream.opened[1]?.write("the database's line");
  screen.getByText("paused, 1 more");
  fireEvent.click(screen.getByRole("button", { name: "Go on" }));
  screen.getByText("the database's line");
  expect(screen.queryByText("the agent's line")).toBeNull();
});

it("is the agent's again once a revision took the service away", () => {
  const { rerender } = render(<Logs slug="acme" services={["db"]} />);
  fireEvent.change(screen.getByLabelText("Whose log"), { target: { value: "db" } });
  rerender(<Logs slug="acme" services={[]} />);
  expect(screen.queryByLabelText("Whose log")).toBeNull();
  expect(streams().at(-1)).toEqual([AGENT, false]);
});
