import type { ReactNode } from "react";
import classes from "./facts.module.css";

/** What is known about the one thing on a page, each with its name. */
export function Facts({ facts }: { facts: (readonly [string, ReactNode] | false)[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
