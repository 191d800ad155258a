import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useLive } from "./live";

class FakeStream extends EventTarget {
  static opened: FakeStream[] = [];
  isClosed = false;
  readonly path: string;

  constructor(path: string) {
    super();
    this.path = path;
    FakeStream.opened.push(this);
  }

  close() {
    this.isClosed = true;
  }

  tell(event: string, data?: unknown) {
    act(() => {
      this.dispatchEvent(
        data === undefined ? new Event(event) : new MessageEvent(event, { data: JSON.stringify(data) }),
      );
    });
  }
}

beforeEach(() => {
  FakeStream.opened = [];
  vi.stubGlobal("EventSource", FakeStream);
});

afterEach(() => vi.unstubAllGlobals());

function follow(active: boolean) {
  const seen: number[] = [];
  const hook = renderHook(
    ({ active }: { active: boolean }) => useLive<{ rows: number }>("/progress", active, ({ rows }) => seen.push(rows)),
    { initialProps: { active } },
  );
  const stream = () => {
    const last = FakeStream.opened.at(-1);
    if (!last) throw new Error("no stream was opened");
    return last;
  };
  return { seen, hook, stream };
}

test("progress_events_are_handed_on_in_their_order", () => {
  const { seen, hook, stream } = follow(true);
  stream().tell("progress", { rows: 1 });
  stream().tell("progress", { rows: 2 });
  expect(seen).toEqual([1, 2]);
  expect(hook.result.current).toBe(true);
});

test("nothing_is_opened_while_nothing_moves", () => {
  follow(false);
  expect(FakeStream.opened).toEqual([]);
});

test("the_end_of_the_stream_closes_it_so_that_the_browser_does_not_connect_again", () => {
  const { hook, stream } = follow(true);
  stream().tell("progress", { rows: 1 });
  stream().tell("end", {});
  expect(stream().isClosed).toBe(true);
  expect(hook.result.current).toBe(false);
});

test("a_broken_stream_says_so_until_it_delivers_again", () => {
  const { hook, stream } = follow(true);
  stream().tell("open");
  stream().tell("error");
  expect(hook.result.current).toBe(false);
  stream().tell("progress", { rows: 3 });
  expect(hook.result.current).toBe(true);
});

test("leaving_the_screen_closes_the_stream", () => {
  const { hook, stream } = follow(true);
  hook.unmount();
  expect(stream().isClosed).toBe(true);
});
