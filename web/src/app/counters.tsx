import type { ReactNode } from "react";
import { useFormats } from "../locale/format";
import classes from "./counters.module.css";
import type { Tone } from "./state-badge";

export interface Counter {
  label: string;
  value: number;
  tone?: Tone;
  /** Puts the number into something, for example a link to the rows behind it. */
  wrap?: (number: ReactNode) => ReactNode;
  /** What to know with it, such as how long there is. */
  note?: ReactNode;
}

/** A row of labelled numbers. */
export function Counters({ label, counters }: { label: string; counters: Counter[] }) {
  const formats = useFormats();
  return (
    <dl className={classes.counters} aria-label={label}>
      {counters.map(({ label, value, tone, wrap, note }) => {
        const number = <span className="number">{formats.number(value)}</span>;
        return (
          <div key={label} className={classes.counter} data-tone={tone}>
            <dt>{label}</dt>
            <dd>{wrap ? wrap(number) : number}</dd>
            {note && <dd className={classes.note}>{note}</dd>}
          </div>
        );
      })}
    </dl>
  );
}
