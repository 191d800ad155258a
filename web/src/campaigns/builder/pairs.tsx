import type { ReactNode } from "react";
import classes from "./builder.module.css";

/** Names and values, one pair a line. */
export function Pairs({ lines }: { lines: [string, ReactNode][] }) {
  return (
    <dl className={classes.pairs}>
      {lines.map(([name, value], place) => (
        <div key={`${name}${place}`} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
