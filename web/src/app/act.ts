import { type QueryKey, useMutation } from "@tanstack/react-query";
import { notifyDone, notifyFailed } from "./notify";
import { queries } from "./queries";

interface ActOptions<Result> {
  /** Said in passing when it went well. */
  done?: string | ((result: Result) => string);
  /** What the browser remembers and must ask for anew. */
  refresh?: QueryKey[];
  onDone?: (result: Result) => void;
  /** The caller shows the error where it happened. */
  showsError?: boolean;
}

/** Does something at the server, says so, and has the screens that it changes asked anew. */
export function useAct<Value, Result>(
  act: (value: Value) => Promise<Result>,
  { done, refresh = [], onDone, showsError }: ActOptions<Result>,
) {
  return useMutation({
    mutationFn: act,
    onSuccess: (result) => {
      for (const queryKey of refresh) void queries.invalidateQueries({ queryKey });
      if (done) notifyDone(typeof done === "string" ? done : done(result));
      onDone?.(result);
    },
    onError: showsError ? undefined : notifyFailed,
  });
}
