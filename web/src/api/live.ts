import { useEffect, useRef, useState } from "react";

/** How often a screen asks again while the event stream is away, milliseconds. */
export const POLL_MS = 3_000;

/** How often it asks although the stream delivers: a stream can go silent without anyone noticing. */
export const RECHECK_MS = 15_000;

/**
 * Follows a stream of server-sent `progress` events while `active` and hands
 * each to `onProgress`. Answers whether the stream is delivering; when it is
 * not (proxy in the way, `end` received), the caller asks by polling instead.
 */
export function useLive<T>(path: string, active: boolean, onProgress: (progress: T) => void): boolean {
  const [delivering, setDelivering] = useState(false);
  const receive = useRef(onProgress);
  useEffect(() => {
    receive.current = onProgress;
  });

  useEffect(() => {
    if (!active || typeof EventSource === "undefined") return;
    const stream = new EventSource(path);
    stream.addEventListener("open", () => setDelivering(true));
    stream.addEventListener("progress", (event) => {
      setDelivering(true);
      receive.current(JSON.parse(event.data) as T);
    });
    stream.addEventListener("end", () => {
      stream.close();
      setDelivering(false);
    });
    // The browser connects again by itself; until then the caller polls.
    stream.addEventListener("error", () => setDelivering(false));
    return () => {
      stream.close();
      setDelivering(false);
    };
  }, [path, active]);

  return delivering;
}
